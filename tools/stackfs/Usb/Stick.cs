using System.Diagnostics;
using StackFs.Cli.Serving;

namespace StackFs.Cli.Usb;

/// <summary>Finds out what a block device is: its filesystem from blkid(8), the USB device that it is on from /sys.</summary>
internal static class Stick
{
    private const string Blkid = "/sbin/blkid";

    /// <summary>Reading a superblock is done at once, or the device is broken.</summary>
    private static readonly TimeSpan BlkidPatience = TimeSpan.FromSeconds(20);

    /// <summary>The kernel's name of a block device, as <c>sda1</c>.</summary>
    /// <param name="device">A path, or the kernel's name itself.</param>
    public static string KernelName(string device) =>
        Path.GetFileName(OurMount.Canonical(Path.IsPathRooted(device) ? device : Path.Combine("/dev", device)));

    /// <summary>Identifies the filesystem on a block device.</summary>
    /// <param name="device">A path, or the kernel's name.</param>
    /// <exception cref="CommandException">It is no block device, or has no filesystem with a UUID.</exception>
    public static StickIdentity Identify(string device)
    {
        string name = KernelName(device);
        string node = Path.Combine("/dev", name);
        if (!Directory.Exists(Path.Combine("/sys/class/block", name)) || !File.Exists(node))
        {
            throw new CommandException(ExitCode.NotFound, $"{device}: no block device of that name", "what there is: lsblk -f");
        }

        Dictionary<string, string> properties = Probe(node);
        if (!properties.TryGetValue("ID_FS_UUID", out string? uuid) || !properties.TryGetValue("ID_FS_TYPE", out string? type))
        {
            throw new CommandException(
                ExitCode.NotFound,
                $"{device}: no filesystem with a UUID on it",
                "name the partition that holds the filesystem: lsblk -f shows them");
        }

        string? usb = UsbDeviceOf(name);
        return new StickIdentity(uuid, type, Attribute(usb, "serial"), Attribute(usb, "idVendor"), Attribute(usb, "idProduct"));
    }

    private static Dictionary<string, string> Probe(string node)
    {
        ProcessStartInfo start = new(Blkid, ["-p", "-o", "udev", node]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process blkid = Process.Start(start)!;
        Task<string> output = blkid.StandardOutput.ReadToEndAsync();
        Task<string> errors = blkid.StandardError.ReadToEndAsync();
        if (!blkid.WaitForExit(BlkidPatience))
        {
            blkid.Kill();
            throw new CommandException(ExitCode.Failure, $"{node}: does not answer");
        }

        _ = errors.Result; // Nothing found is an exit code of its own; the lines that are missing say it.
        Dictionary<string, string> properties = [];
        foreach (string line in output.Result.Split('\n'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                properties[line[..equals]] = line[(equals + 1)..];
            }
        }

        return properties;
    }

    /// <summary>The directory of the USB device that a block device is on; null where it is on none.</summary>
    private static string? UsbDeviceOf(string name)
    {
        string? directory = OurMount.Canonical(Path.Combine("/sys/class/block", name));
        while (directory is not null && !File.Exists(Path.Combine(directory, "idVendor")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory;
    }

    private static string? Attribute(string? directory, string name)
    {
        string file = Path.Combine(directory ?? string.Empty, name);
        string? value = directory is not null && File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        return value is { Length: > 0 } && !value.Any(char.IsControl) ? value : null;
    }
}
