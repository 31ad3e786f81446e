using StackFs.Cli.Commands;

namespace StackFs.Cli.Helpers;

/// <summary><c>umount.stackfs MOUNTPOINT [-flnrv] [-N NS] [-t TYPE]</c>, the calling convention of umount(8).</summary>
internal static class UmountHelper
{
    private const string Synopsis = "usage: umount.stackfs MOUNTPOINT [-flnrv]";

    /// <summary>Unmounts, and answers in the exit codes of umount(8).</summary>
    public static int Run(IReadOnlyList<string> arguments) =>
        MountHelper.ToMountCode(Program.Guard(() => Unmount(arguments)));

    private static ExitCode Unmount(IReadOnlyList<string> arguments)
    {
        string? mountpoint = null;
        bool lazy = false, force = false;
        for (int i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "-t" or "-N":
                    i++;
                    break;
                case ['-', .. { Length: > 0 } letters]:
                    if (letters.FirstOrDefault(c => !"flnrv".Contains(c, StringComparison.Ordinal)) is char unknown and not '\0')
                    {
                        throw new CommandException(ExitCode.Usage, $"unknown option -{unknown}", Synopsis);
                    }

                    lazy |= letters.Contains('l', StringComparison.Ordinal);
                    force |= letters.Contains('f', StringComparison.Ordinal);
                    break;
                case string operand when mountpoint is null:
                    mountpoint = operand;
                    break;
                default:
                    throw new CommandException(ExitCode.Usage, "one MOUNTPOINT at a time", Synopsis);
            }
        }

        return UmountCommand.Run(
            mountpoint ?? throw new CommandException(ExitCode.Usage, "MOUNTPOINT is missing", Synopsis), lazy, force);
    }
}
