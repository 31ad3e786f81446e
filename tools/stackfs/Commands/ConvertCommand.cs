using System.CommandLine;
using System.Text;
using Spectre.Console;
using StackFs.Cli.Conversion;
using StackFs.Cli.Output;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Commands;

/// <summary>
/// <c>stackfs convert LOWER [DEST]</c>: an eCryptfs tree becomes a StackFs volume, in place or beside it. Both are mounted,
/// by processes of their own, where nobody else looks.
/// </summary>
internal static class ConvertCommand
{
    /// <summary>In place, the new volume grows here, and moves up when all is converted.</summary>
    internal const string Growing = ".stackfs-converted";

    // Beside the new volume's files once nothing is left to convert.
    private const string Done = ".stackfs-convert-done";

    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> lower = new("LOWER") { Description = "the directory with the eCryptfs files; mounted nowhere" };
        Argument<string?> destination = new("DEST")
        {
            Description = "another directory for the new volume; the old files stay (default: in place, the old files go)",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string[]> keys = new("--key", "-k") { Description = "the eCryptfs key (default: asks)", HelpName = "KEYSPEC" };
        Option<string[]> newKeys = new("--new-key") { Description = "the new volume's key (default: asks)", HelpName = "KEYSPEC" };
        Option<string[]> options = new("-o", "--options") { Description = "eCryptfs options, as for mount", HelpName = "OPTIONS" };
        Option<bool> dryRun = new("--dry-run") { Description = "say what would be done" };
        Command command = new("convert", "turn an eCryptfs tree into a StackFs volume") { lower, destination, keys, newKeys, options, dryRun };
        command.SetAction(result => (int)Run(
            Path.GetFullPath(result.GetRequiredValue(lower)),
            result.GetValue(destination),
            result.GetValue(keys) ?? [],
            result.GetValue(newKeys) ?? [],
            string.Join(',', result.GetValue(options) ?? []),
            result.GetValue(dryRun)));
        return command;
    }

    private static ExitCode Run(
        string lower, string? destination, IReadOnlyList<string> keys, IReadOnlyList<string> newKeys, string options, bool dryRun)
    {
        bool inPlace = destination is null;
        string target = inPlace ? Path.Combine(lower, Growing) : Path.GetFullPath(destination!);
        string done = Path.Combine(target, Done);
        if (inPlace && File.Exists(done))
        {
            MoveUp(lower, target);
            return ExitCode.Success;
        }

        if (inPlace && !Directory.Exists(target) && File.Exists(Path.Combine(lower, VolumeConfig.FileName)))
        {
            throw new CommandException(ExitCode.Exists, $"{lower}: is a StackFs volume already");
        }

        string work = Directory.CreateTempSubdirectory("stackfs-convert-").FullName;
        string old = Directory.CreateDirectory(Path.Combine(work, "old")).FullName;
        string fresh = Directory.CreateDirectory(Path.Combine(work, "new")).FullName;
        bool oldMounted = false;
        bool newMounted = false;
        try
        {
            string all = string.Join(',', new[] { "format=ecryptfs", "no_sig_cache", inPlace && !dryRun ? string.Empty : "ro", options }
                .Concat(keys.Select(static key => "key=" + key)).Where(static option => option.Length > 0));
            oldMounted = Mount(lower, old, all);
            if (!dryRun)
            {
                Prepare(target, newKeys);
                newMounted = Mount(target, fresh, string.Join(',', newKeys.Select(static key => "key=" + key).Prepend("nokeyring,trust")));
            }

            ConversionCounts counts = Convert(old, dryRun ? null : fresh, inPlace && !dryRun);
            Messages.Note(
                $"{(dryRun ? "would convert" : "converted")} {counts.Files} files ({counts.Bytes} bytes), {counts.Directories} directories, "
                + $"{counts.Others} links and special files" + (counts.Failed > 0 ? $"; {counts.Failed} could not be and stay as they are" : ""));
            if (counts.Failed > 0)
            {
                return ExitCode.Damaged;
            }
        }
        finally
        {
            if (newMounted)
            {
                _ = UmountCommand.Run(fresh, lazy: false, force: false);
            }

            if (oldMounted)
            {
                _ = UmountCommand.Run(old, lazy: false, force: false);
            }

            Directory.Delete(work, recursive: true);
        }

        if (inPlace && !dryRun)
        {
            File.WriteAllBytes(done, []);
            MoveUp(lower, target);
        }

        return ExitCode.Success;
    }

    private static bool Mount(string lower, string mountpoint, string options)
    {
        ExitCode code = MountCommand.Run(
            lower, mountpoint, options, foreground: false, sloppy: false, verbose: false, fake: false);
        return code == ExitCode.Success
            ? true
            : throw new CommandException(code, $"{lower}: cannot be mounted to be converted");
    }

    private static void Prepare(string target, IReadOnlyList<string> newKeys)
    {
        _ = Directory.CreateDirectory(target);
        if (!File.Exists(Path.Combine(target, VolumeConfig.FileName)))
        {
            _ = InitCommand.Run(target, newKeys, NamesMode.Encrypted);
        }
    }

    private static ConversionCounts Convert(string old, string? fresh, bool removeOriginals)
    {
        using SafeFd from = Open(old);
        ConversionCounts total = Count(from);
        if (fresh is null)
        {
            return total;
        }

        using SafeFd to = Open(fresh);
        using ConversionJournal journal = new(fresh);
        ConversionCounts counts = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask bar = progress.AddTask("converting", maxValue: Math.Max(total.Bytes, 1));
            TreeConverter converter = new(journal, removeOriginals, bytes => bar.Increment(bytes), Messages.Warning)
            {
                SkippedInRoot = [Growing],
                Root = to,
            };
            _ = Libc.RewindDirectory(from);
            Check(converter.Convert(from, to, []), old);
            counts = converter.Counts;
        });
        if (counts.Failed == 0)
        {
            journal.Delete();
        }

        return counts;
    }

    private static ConversionCounts Count(SafeFd from)
    {
        TreeConverter counter = new(null, removeOriginals: false, static _ => { }, Messages.Warning) { SkippedInRoot = [Growing] };
        Check(counter.Convert(from, null, []), "LOWER");
        return counter.Counts;
    }

    // From the mark on, beginning again only moves: what has moved already is no eCryptfs file to be converted.
    private static void MoveUp(string lower, string target)
    {
        using SafeFd from = Open(target);
        using SafeFd to = Open(lower);
        List<string> names = [.. Directory.EnumerateFileSystemEntries(target).Select(static path => Path.GetFileName(path))];
        foreach (string name in names.Where(static name => name != Done).OrderBy(static name => name == VolumeConfig.FileName))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            Check(Libc.Rename(from, bytes, to, bytes, 1), Path.Combine(lower, name));
        }

        File.Delete(Path.Combine(target, Done));
        Directory.Delete(target);
    }

    private static SafeFd Open(string path)
    {
        Check(Libc.OpenPath(Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? fd), path);
        return fd!;
    }

    private static void Check(Errno errno, string what)
    {
        if (errno != Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"{what}: {ErrnoText.Of(errno)}", "run it again to go on where it stopped");
        }
    }
}
