using System.CommandLine;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs mount LOWER MOUNTPOINT [-o OPTIONS] [--foreground]</c>.</summary>
internal static class MountCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> lower = new("LOWER") { Description = "the directory with the encrypted files" };
        Argument<string> mountpoint = new("MOUNTPOINT") { Description = "where to show them; may be LOWER itself" };
        Option<string[]> options = new("-o", "--options")
        {
            Description = "mount options, joined by commas; docs/options.md lists them",
            HelpName = "OPTIONS",
        };
        Option<bool> foreground = new("--foreground", "-f") { Description = "serve in this process, messages on standard error" };
        Option<bool> verbose = new("--verbose", "-v") { Description = "say what is done" };
        Command command = new("mount", "show a volume's files decrypted") { lower, mountpoint, options, foreground, verbose };
        command.SetAction(result => (int)Run(
            result.GetRequiredValue(lower),
            result.GetRequiredValue(mountpoint),
            string.Join(',', result.GetValue(options) ?? []),
            result.GetValue(foreground),
            sloppy: false,
            result.GetValue(verbose),
            fake: false));
        return command;
    }

    /// <summary>Mounts, for this command and for <c>mount.stackfs</c>.</summary>
    /// <param name="lower">The lower directory.</param>
    /// <param name="mountpoint">Where to show it.</param>
    /// <param name="options">Options joined by commas; may be empty.</param>
    /// <param name="foreground">Serve in this process and return when it is unmounted.</param>
    /// <param name="sloppy">Ignore unknown options.</param>
    /// <param name="verbose">Say what is done.</param>
    /// <param name="fake">Check everything and mount nothing.</param>
    public static ExitCode Run(
        string lower, string mountpoint, string options, bool foreground, bool sloppy, bool verbose, bool fake)
    {
        MountRequest request = new(
            ExistingDirectory(lower, "LOWER"),
            ExistingDirectory(mountpoint, "MOUNTPOINT"),
            options,
            foreground,
            sloppy,
            verbose,
            Messages.CalledAs);
        if (fake)
        {
            return Server.Check(request);
        }

        if (!foreground)
        {
            return Launcher.Launch(request);
        }

        RuntimeSettings.Ensure([RuntimeSettings.NoDiagnostics]);
        return Server.Run(request, mounted: static () => { });
    }

    private static string ExistingDirectory(string path, string role)
    {
        string absolute = OurMount.Canonical(path);
        if (Directory.Exists(absolute))
        {
            return absolute;
        }

        throw new CommandException(
            ExitCode.NotFound,
            File.Exists(absolute) ? $"{path}: {role} is not a directory" : $"{path}: no such directory ({role})",
            $"make it first: mkdir -p {path}");
    }
}
