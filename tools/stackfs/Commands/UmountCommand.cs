using System.CommandLine;
using System.Text.Json;
using StackFs.Cli.Interop;
using StackFs.Cli.Keys;
using StackFs.Cli.Serving;
using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs umount MOUNTPOINT [--clear] [--lazy]</c>.</summary>
internal static class UmountCommand
{
    /// <summary>How long the serving process may take to write out and end after the kernel has let go.</summary>
    private static readonly TimeSpan ServerExitTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> mountpoint = new("MOUNTPOINT") { Description = "where it is mounted, or its lower directory" };
        Option<bool> clear = new("--clear") { Description = "take the volume's key out of the keyring too, unless another mount uses it" };
        Option<bool> lazy = new("--lazy", "-l") { Description = "detach now, even while files in it are in use" };
        Command command = new("umount", "unmount, and wait until everything is in the lower directory")
        {
            mountpoint, clear, lazy,
        };
        command.SetAction(result => (int)Run(
            result.GetRequiredValue(mountpoint), result.GetValue(lazy), force: false, result.GetValue(clear)));
        return command;
    }

    /// <summary>
    /// Unmounts and waits for the serving process to end: only then are the lower files sealed and at rest.
    /// </summary>
    /// <param name="path">The mount point, or the lower directory.</param>
    /// <param name="lazy">Detach now, and do not wait.</param>
    /// <param name="force">As root, unmount though the process does not answer, and do not wait for it.</param>
    /// <param name="clear">Take its key out of the keyring.</param>
    public static ExitCode Run(string path, bool lazy, bool force, bool clear = false)
    {
        OurMount mount = OurMount.Find(path) ??
            throw new CommandException(ExitCode.NotMounted, $"{path}: no StackFs mount there", "see what is mounted: stackfs status");

        if (Posix.EffectiveUser != 0 && Posix.EffectiveUser != mount.UserId)
        {
            throw new CommandException(
                ExitCode.NotPermitted, $"{mount.Mountpoint}: not yours to unmount; only who mounted it or root may");
        }

        using JsonDocument? status = StatusClient.Ask(mount, StatusRequests.Status);
        using SafeFd? server = ServerOf(mount, status);
        try
        {
            FuseMount.Unmount(mount.Mountpoint, lazy, force);
        }
        catch (FuseMountException error)
        {
            throw new CommandException(CodeOf(error.Errno), error.Message);
        }

        if (server is not null && !lazy && !force && Posix.WaitForExit(server, ServerExitTimeout) == Errno.ETIMEDOUT)
        {
            throw new CommandException(
                ExitCode.Busy,
                $"{mount.Mountpoint}: unmounted, but its process is still writing to {mount.Lower}",
                "wait for it to end before you take the lower directory away");
        }

        if (clear)
        {
            KeyringClearing.Drop(mount, status);
        }

        return ExitCode.Success;
    }

    /// <summary>The process that serves a mount: it says so itself, or its command line does.</summary>
    private static SafeFd? ServerOf(OurMount mount, JsonDocument? status)
    {
        int? server = status is not null && status.RootElement.TryGetProperty("pid", out JsonElement pid)
            ? pid.GetInt32()
            : Launcher.FindServer(mount);
        return server is int number && Posix.OpenProcess(number, out SafeFd process) == Errno.None ? process : null;
    }

    private static ExitCode CodeOf(Errno errno) => errno switch
    {
        Errno.EBUSY => ExitCode.Busy,
        Errno.EPERM or Errno.EACCES => ExitCode.NotPermitted,
        Errno.EINVAL or Errno.ENOENT => ExitCode.NotMounted,
        _ => ExitCode.Failure,
    };
}
