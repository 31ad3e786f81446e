using System.CommandLine;
using StackFs.Cli.Commands;
using StackFs.Cli.Helpers;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring.Secrets;

namespace StackFs.Cli;

/// <summary>The entry point: one executable that acts by the name it is called.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        Messages.CalledAs = CalledAs();
        try
        {
            return Messages.CalledAs switch
            {
                "mount.stackfs" => MountHelper.Run(arguments),
                "umount.stackfs" => UmountHelper.Run(arguments),
                DaemonCommand.Name => (int)Guard(() => DaemonCommand.Run(arguments)),
                _ => (int)Guard(() => RunCommand(arguments)),
            };
        }
        catch (Exception error)
        {
            // The edge of the program: a bug, told in one line with what is needed to report it.
            Messages.Error($"this is a bug: {error.GetType().Name}: {error.Message}", [error.StackTrace?.Trim() ?? string.Empty]);
            return (int)ExitCode.Internal;
        }
    }

    /// <summary>Turns the end of a command into its exit code, with the message on standard error.</summary>
    internal static ExitCode Guard(Func<ExitCode> command)
    {
        try
        {
            return command();
        }
        catch (CommandException error)
        {
            Messages.Error(error.Message, error.Hints);
            return error.Code;
        }
        catch (SecretMemoryException error)
        {
            Messages.Error(error.Message, ["raise the limit of locked memory: ulimit -l, or RLIMIT_MEMLOCK in limits.conf(5)"]);
            return ExitCode.Failure;
        }
    }

    private static ExitCode RunCommand(string[] arguments)
    {
        if (arguments is [Launcher.ServeCommand, ..])
        {
            return ServeCommand.Run(arguments);
        }

        RootCommand root = new("Encrypts each file by itself, over any directory. See README.md and docs/.");
        root.Add(InitCommand.Create());
        root.Add(MountCommand.Create());
        root.Add(UmountCommand.Create());
        root.Add(StatusCommand.Create());
        root.Add(InfoCommand.Create());
        root.Add(CatCommand.Create());
        root.Add(CheckCommand.Create());
        root.Add(KeysCommand.Create());
        root.Add(SlotsCommand.Create());
        root.Add(KeygenCommand.Create());
        root.Add(SpeedCommand.Create());
        root.Add(EcryptfsCommand.Create());
        root.Add(ConvertCommand.Create());
        root.Add(UsbCommand.Create());
        return CommandLine.Invoke(root, arguments);
    }

    /// <summary>
    /// The last component of argv[0]. The runtime's own account of it names the program file, whatever link led there.
    /// </summary>
    private static string CalledAs()
    {
        string[] arguments = File.ReadAllText("/proc/self/cmdline").Split('\0');
        string name = Path.GetFileName(arguments[0]);
        return name switch
        {
            // The type that the mount table shows, by which umount(8) and a remount look for their helpers.
            "mount.fuse.stackfs" => "mount.stackfs",
            "umount.fuse.stackfs" => "umount.stackfs",
            "mount.stackfs" or "umount.stackfs" or DaemonCommand.Name => name,
            _ => "stackfs",
        };
    }
}
