using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using StackFs.Cli.Conversion;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Codecs.Ecryptfs;
using StackFs.Content.Ecryptfs;
using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;
using StackFs.Mounting;
using StackFs.Mounting.Ecryptfs;

namespace StackFs.Cli.Commands;

/// <summary>
/// <c>stackfs convert LOWER [DEST]</c>: an eCryptfs tree becomes a StackFs volume, in place or beside it. Nothing is mounted:
/// the lower files themselves are read and written.
/// </summary>
internal static class ConvertCommand
{
    // Beside the largest file and what waits to be removed: directories, names, the journal.
    private const long Margin = 96L << 20;

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
        string target = inPlace ? lower : Path.GetFullPath(destination!);
        if (!inPlace && (target + "/").StartsWith(lower + "/", StringComparison.Ordinal))
        {
            throw new CommandException(ExitCode.Usage, $"{destination}: is in LOWER itself", "give another directory, or none to convert in place");
        }

        _ = ProcessHardening.Apply(); // What fails here, a mount refuses.
        RefuseMounted(lower);
        LegacyOptions legacy = ParseOptions(options, keys);
        using SafeFd from = VolumeOpener.OpenLowerRoot(lower);
        _ = Libc.Statx(from, [], out StatxBuffer before); // Just opened.
        bool isVolume = File.Exists(Path.Combine(target, VolumeConfig.FileName));
        if (dryRun && !isVolume)
        {
            return DryRun(lower, from, legacy);
        }

        EcryptfsVolume opened = EcryptfsOpener.OpenBeside(lower, legacy, trustsNew: true);
        Volume? volume = null;
        ConversionJournal? journal = null;
        try
        {
            RefuseWrongKey(lower, from, opened);
            if (!dryRun)
            {
                // Before the volume is made: that changes the times of the root.
                _ = Directory.CreateDirectory(target);
                journal = new ConversionJournal(target);
                _ = journal.TimesOf(in before);
            }

            volume = Prepare(target, isVolume, newKeys);
        }
        finally
        {
            if (volume is null)
            {
                opened.Dispose();
                if (!isVolume)
                {
                    journal?.Delete();
                }

                journal?.Dispose();
            }
        }

        using (journal)
        using (volume)
        {
            MountOptions mount = new() { Legacy = legacy };
            Errno errno = StackFsFilesystem.Open(target, volume, opened, mount, Messages.Warning, out StackFsFilesystem? filesystem);
            using (filesystem)
            {
                Check(errno, target);
                ConversionCounts total = Count(filesystem!, from, dryRun);
                if (dryRun)
                {
                    return Report(total, dryRun: true);
                }

                CheckSpace(target, total, inPlace);
                return Convert(filesystem!, journal!, lower, target, from, in before, total);
            }
        }
    }

    private static ExitCode DryRun(string lower, SafeFd from, LegacyOptions legacy)
    {
        EcryptfsVolume opened = EcryptfsOpener.OpenBeside(lower, legacy, trustsNew: true);
        try
        {
            RefuseWrongKey(lower, from, opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        Check(StackFsFilesystem.Open(lower, opened, new MountOptions(), Messages.Warning, out StackFsFilesystem? filesystem), lower);
        using (filesystem)
        {
            return Report(Count(filesystem!, from, opensFiles: true), dryRun: true);
        }
    }

    private static ExitCode Convert(
        StackFsFilesystem filesystem,
        ConversionJournal journal,
        string lower,
        string target,
        SafeFd from,
        in StatxBuffer before,
        ConversionCounts total)
    {
        bool inPlace = lower == target;
        using SafeFd to = VolumeOpener.OpenLowerRoot(target);
        ConversionCounts counts = new();
        Errno stopped = Errno.None;
        (Timespec access, Timespec modify) = journal.TimesOf(in before);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask bar = progress.AddTask("converting", maxValue: Math.Max(total.Bytes, 1));
            using TreeConverter converter = new(filesystem, journal, to, inPlace)
            {
                Progress = bytes => bar.Increment(bytes),
                Problem = Messages.Warning,
                BeforeChange = KillAt(),
            };
            Check(Libc.RewindDirectory(from), lower);
            Check(converter.Convert(from), lower);
            counts = converter.Counts;
            stopped = converter.Stopped;
        });
        if (counts.Failed == 0 && stopped == Errno.None)
        {
            journal.Delete();
            Check(Libc.ChangeTimes(to, [], access, modify), target);
        }

        if (stopped != Errno.None)
        {
            throw new CommandException(
                ExitCode.Failure,
                $"{target}: {ErrnoText.Of(stopped)}; {counts.Files} of {total.Files} files were looked at, and nothing is lost",
                "make room and run it again to go on; until then -o legacy=read shows everything");
        }

        return Report(counts, dryRun: false);
    }

    /// <summary>Ends the process before the change that the test switch STACKFS_CONVERT_KILL_AT counts to.</summary>
    private static Action KillAt()
    {
        if (!int.TryParse(
            Environment.GetEnvironmentVariable("STACKFS_CONVERT_KILL_AT"), NumberStyles.None, CultureInfo.InvariantCulture, out int left))
        {
            return static () => { };
        }

        return () =>
        {
            if (--left == 0)
            {
                System.Diagnostics.Process.GetCurrentProcess().Kill();
            }
        };
    }

    private static ExitCode Report(ConversionCounts counts, bool dryRun)
    {
        Messages.Note(
            $"{(dryRun ? "would convert" : "converted")} {counts.Files} files ({counts.Bytes} bytes), {counts.Directories} directories, "
            + $"{counts.Others} links and special files"
            + (counts.Failed > 0 ? $"; {counts.Failed} of them could not be and stay as they are" : ""));
        return counts.Failed > 0 ? ExitCode.Damaged : ExitCode.Success;
    }

    private static LegacyOptions ParseOptions(string options, IReadOnlyList<string> keys)
    {
        if (!MountOptions.TryParse("format=ecryptfs," + options, isSloppy: false, out MountOptions? parsed, out string? problem))
        {
            throw new CommandException(ExitCode.Usage, problem!, "every option: docs/options.md");
        }

        EcryptfsOptions format = parsed!.Ecryptfs!;
        return format.Passthrough || format.EncryptedView
            ? throw new CommandException(ExitCode.Usage, "ecryptfs_passthrough and ecryptfs_encrypted_view do not go with convert")
            : new LegacyOptions(IsWritable: true, format, [.. keys, .. parsed.Keys]);
    }

    // What somebody writes through a mount meanwhile would be lost with the original.
    private static void RefuseMounted(string lower)
    {
        string place = OurMount.Canonical(lower);
        if (MountTable.Read().FirstOrDefault(mount => mount.Source == place && mount.Type is "ecryptfs" or "fuse.stackfs") is { } found)
        {
            throw new CommandException(
                ExitCode.Busy, $"{lower}: is mounted on {found.MountPoint}", $"unmount it first: umount {found.MountPoint}");
        }
    }

    private static void RefuseWrongKey(string lower, SafeFd from, EcryptfsVolume opened)
    {
        EcryptfsTraces traces = EcryptfsTraces.Find(from);
        Check(Libc.RewindDirectory(from), lower);
        if (traces.Contents.Count > 0 && !traces.Contents.Keys.Any(opened.Keys.Contains))
        {
            throw new CommandException(
                ExitCode.KeyWrong,
                $"{lower}: no file here was made with this key, the passphrase may be wrong; nothing was changed",
                $"the files here were made with {string.Join(", ", traces.Contents.Keys.Take(3))}");
        }

        if (opened.NamesKey is null && traces.NameSignatures.Count > 0)
        {
            throw new CommandException(
                ExitCode.Usage,
                $"{lower}: names here are encrypted; nothing was changed",
                "add -o ecryptfs_enable_filename_crypto=y");
        }
    }

    private static Volume Prepare(string target, bool isVolume, IReadOnlyList<string> newKeys)
    {
        if (!isVolume)
        {
            _ = InitCommand.Run(target, newKeys, NamesMode.Encrypted);
        }

        return VolumeOpener.Open(target, newKeys, null, trustsNew: true);
    }

    private static ConversionCounts Count(StackFsFilesystem filesystem, SafeFd from, bool opensFiles)
    {
        using TreeConverter counter = new(filesystem, null, null, inPlace: true)
        {
            OpensFiles = opensFiles,
            Problem = opensFiles ? Messages.Warning : static _ => { },
        };
        Check(counter.Convert(from), "LOWER");
        return counter.Counts;
    }

    private static void CheckSpace(string target, ConversionCounts total, bool inPlace)
    {
        using SafeFd root = VolumeOpener.OpenLowerRoot(target);
        Check(Libc.StatFs(root, out StatfsBuffer space), target);
        long unit = Math.Max(space.FragmentSize, 1);
        long free = (long)Math.Min(space.AvailableBlocks, (ulong)(long.MaxValue / unit)) * unit;
        long needed = inPlace
            ? total.Largest + Math.Min(total.Bytes, Margin)
            : total.Bytes + (total.Files * 8192);
        if (free < needed)
        {
            throw new CommandException(
                ExitCode.Failure,
                string.Create(CultureInfo.InvariantCulture, $"{target}: {needed >> 20} MiB free are needed, {free >> 20} are there")
                    + (inPlace ? $" (the largest file is {total.LargestName})" : ""),
                "make room first; nothing was converted");
        }
    }

    private static void Check(Errno errno, string what)
    {
        if (errno != Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"{what}: {ErrnoText.Of(errno)}", "run it again to go on where it stopped");
        }
    }
}
