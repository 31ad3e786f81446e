using StackFs.Cli.Commands;

namespace StackFs.Cli.Helpers;

/// <summary>
/// <c>mount.stackfs</c>, which mount(8) runs for <c>mount -t stackfs</c> and fstab lines of that type.
/// </summary>
internal static class MountHelper
{
    /// <summary>Mounts, and answers in the exit codes of mount(8).</summary>
    public static int Run(IReadOnlyList<string> arguments) => ToMountCode(Program.Guard(() =>
    {
        MountArguments mount = MountArguments.Parse(arguments);
        if (Remount.IsWanted(mount.Options))
        {
            return Remount.Run(mount);
        }

        // As mount(8) itself does for a device that is not there.
        if (mount.Options.Split(',').Contains("nofail") && !Path.Exists(mount.Lower))
        {
            return ExitCode.Success;
        }

        return MountCommand.Run(
            mount.Lower, mount.Mountpoint, mount.Options, foreground: false, mount.Sloppy, mount.Verbose, mount.Fake);
    }));

    /// <summary>mount(8), "EXIT STATUS": 1 wrong call, 4 bug, 8 interrupted, 32 the mount failed.</summary>
    internal static int ToMountCode(ExitCode code) => code switch
    {
        ExitCode.Success => 0,
        ExitCode.Usage => 1,
        ExitCode.Internal => 4,
        ExitCode.Interrupted => 8,
        _ => 32,
    };
}
