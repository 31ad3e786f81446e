using System.Text.Json;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Mounting;

namespace StackFs.Cli.Helpers;

/// <summary>
/// <c>mount -o remount,OPTIONS</c>: changes the flags that the kernel keeps for a mount. What the serving process was
/// started with stays as it is.
/// </summary>
internal static class Remount
{
    private const string Name = "remount";

    /// <summary>What mount(8) passes back out of the mount table, where fstab does not list the mount.</summary>
    private static readonly string[] KernelOptions = ["user_id", "group_id", "max_read", "blksize", "rootmode"];

    /// <summary>Whether the options, joined by commas, ask for this.</summary>
    public static bool IsWanted(string options) => options.Split(',').Contains(Name);

    /// <summary>Changes the flags to those of <paramref name="mount"/>'s options.</summary>
    /// <exception cref="CommandException">
    /// An option is unknown, nothing of ours is mounted there, or the kernel refuses.
    /// </exception>
    public static ExitCode Run(MountArguments mount)
    {
        string wanted = string.Join(',', mount.Options.Split(',').Where(o => o != Name && !IsKernelOption(o)));
        if (!MountOptions.TryParse(wanted, mount.Sloppy, out MountOptions? options, out string? problem))
        {
            throw new CommandException(ExitCode.Usage, problem!, "every option: docs/options.md");
        }

        OurMount there = OurMount.Find(mount.Mountpoint) ?? throw new CommandException(
            ExitCode.NotMounted, $"{mount.Mountpoint}: no StackFs mount there", "see what is mounted: stackfs status");
        if (!options!.IsReadOnly && IsServedReadOnly(there))
        {
            throw new CommandException(
                ExitCode.Failure,
                $"{there.Mountpoint}: was mounted with ro and cannot be made writable while it is mounted",
                $"unmount it, and mount it without ro: umount {there.Mountpoint}");
        }

        if (mount.Fake)
        {
            return ExitCode.Success;
        }

        Errno errno = Libc.Mount(
            there.Lower, there.Mountpoint, "fuse.stackfs", options.VfsFlags | MountFlags.Remount, data: string.Empty);
        return errno == Errno.None ? ExitCode.Success : throw Refused(there, errno);
    }

    private static bool IsKernelOption(string option) => KernelOptions.Contains(option.Split('=')[0]);

    private static bool IsServedReadOnly(OurMount mount)
    {
        using JsonDocument? status = StatusClient.Ask(mount, StatusRequests.Status);
        return status is not null && status.RootElement.TryGetProperty("readOnly", out JsonElement readOnly)
            && readOnly.GetBoolean();
    }

    private static CommandException Refused(OurMount mount, Errno errno) => errno switch
    {
        Errno.EBUSY => new CommandException(
            ExitCode.Busy, $"{mount.Mountpoint}: files in it are open for writing; close them first (fuser -vm {mount.Mountpoint})"),
        Errno.EPERM or Errno.EACCES => new CommandException(
            ExitCode.NotPermitted, $"{mount.Mountpoint}: only root may change the options of a mount"),
        _ => new CommandException(ExitCode.Failure, $"{mount.Mountpoint}: cannot be remounted: {ErrnoText.Of(errno)}"),
    };
}
