using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Spectre.Console;
using StackFs.Checking;
using StackFs.Cli.Checking;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;
using StackFs.Mounting;

namespace StackFs.Cli.Commands;

/// <summary>
/// <c>stackfs check LOWER</c>: verifies everything a volume stores, mounted or not, and puts right what it can prove to put
/// right.
/// </summary>
internal static class CheckCommand
{
    private const int MostThreads = 8;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> lower = new("LOWER") { Description = "the lower directory of a volume" };
        Option<string[]> keys = new("--key", "-k") { Description = "the key; several are tried in order (default: asks for a passphrase)", HelpName = "KEYSPEC" };
        Option<string?> signature = new("--sig") { Description = "the volume that is expected", HelpName = "SIG" };
        Option<bool> repair = new("--repair") { Description = "put right what can be proven; keeps what it replaces" };
        Option<string?> salvage = new("--salvage") { Description = "write what can be read of damaged files there, decrypted", HelpName = "DIR" };
        Option<bool> restart = new("--restart") { Description = "begin at the beginning, although a check was interrupted" };
        Option<bool> json = new("--json") { Description = "a JSON document instead of a table" };
        Command command = new("check", "verify a volume's files, names and configuration; repair them") { lower, keys, signature, repair, salvage, restart, json };
        command.SetAction(result => (int)Run(
            OurMount.Canonical(result.GetRequiredValue(lower)),
            result.GetValue(keys) ?? [],
            result.GetValue(signature),
            new Wish(result.GetValue(repair), result.GetValue(salvage), result.GetValue(restart), result.GetValue(json))));
        return command;
    }

    private static ExitCode Run(string lower, IReadOnlyList<string> keys, string? signature, Wish wish)
    {
        using SafeFd root = VolumeOpener.OpenLowerRoot(lower);
        _ = ProcessHardening.Apply(); // As for cat: what a mount refuses is tolerable here.
        bool isOnline = OurMount.All().Any(m => m.Lower == lower) || LowerClaim.IsTaken(lower);
        LowerClaim? claim = null;
        if (wish.Repair && (isOnline || LowerClaim.Take(lower, shared: false, out claim) != Errno.None))
        {
            throw new CommandException(
                ExitCode.Busy, $"{lower}: is mounted, so nothing can be repaired", "unmount it first, or check it without --repair");
        }

        using (claim)
        using (CheckedVolume volume = CheckedVolume.Open(lower, keys, signature))
        {
            string name = volume.Config.Id.Signature.ToString();
            string state = Directory.CreateDirectory(StateDirectory(), OwnerOnly).FullName;
            string copies = Path.Combine(state, string.Create(
                CultureInfo.InvariantCulture, $"repaired-{name}-{DateTime.UtcNow:yyyyMMdd'T'HHmmss}"));
            if (wish.Repair)
            {
                _ = Directory.CreateDirectory(copies, OwnerOnly);
            }

            if (wish.Salvage is { } salvage)
            {
                _ = Directory.CreateDirectory(salvage, OwnerOnly);
            }

            using CheckJournal journal = new(Path.Combine(state, $"check-{name}{(wish.Repair ? "-repair" : "")}"), wish.Restart);
            ExitCode code = Check(lower, root, volume, isOnline, journal, copies, wish);
            if (wish.Repair && !Directory.EnumerateFileSystemEntries(copies).Any())
            {
                Directory.Delete(copies);
            }

            return code;
        }
    }

    private static ExitCode Check(
        string lower, SafeFd root, CheckedVolume volume, bool isOnline, CheckJournal journal, string copies, Wish wish)
    {
        CheckReport report = new();
        journal.Findings.ForEach(report.Add);
        if (journal.Directories > 0)
        {
            Messages.Note($"going on after {journal.Directories} directories ({journal.Files} files) that were checked before; --restart begins anew");
        }

        void Take(CheckFinding finding)
        {
            report.Add(finding);
            journal.Add(finding);
        }

        using CancellationTokenSource interrupt = new();
        using PosixSignalRegistration onInterrupt = Cancel(PosixSignal.SIGINT, interrupt);
        using PosixSignalRegistration onTerminate = Cancel(PosixSignal.SIGTERM, interrupt);
        RepairCopies kept = new(copies);
        CheckConfig(lower, root, volume, wish.Repair ? kept : null, Take);
        Errno error = Errno.None;
        CheckTotals? totals = null;
        ShowProgress(lower, wish.Json, progress =>
        {
            CheckContext context = new()
            {
                Root = root,
                Volume = volume.Volume,
                NamesKey = volume.NamesKey,
                HasPlainNames = volume.Config.Settings.Names == NamesMode.Plain,
                Repairs = wish.Repair,
                IsOnline = isOnline,
                Copies = kept,
                SalvageDirectory = wish.Salvage,
                Threads = Math.Min(Environment.ProcessorCount, MostThreads),
                Found = Take,
                Progress = progress,
                IsDone = journal.IsDone,
                Done = journal.Done,
                Cancellation = interrupt.Token,
            };
            using TreeChecker checker = new(context);
            error = checker.Run();
            totals = context.Totals;
        });
        if (error != Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"{lower}: {ErrnoText.Of(error)}");
        }

        bool interrupted = interrupt.IsCancellationRequested;
        if (wish.Json)
        {
            report.WriteJson(lower, volume.Config.Id.Signature.ToString(), totals!, isOnline, interrupted);
        }
        else
        {
            report.Write(totals!, interrupted);
        }

        if (kept.Count > 0)
        {
            Messages.Note($"what was replaced is kept in {kept.Directory}");
        }

        if (interrupted)
        {
            Messages.Note("run it again to go on where it was interrupted");
            return ExitCode.Interrupted;
        }

        journal.Delete();
        return report.Damaged > 0 ? ExitCode.Damaged : ExitCode.Success;
    }

    private static void CheckConfig(string lower, SafeFd root, CheckedVolume volume, RepairCopies? copies, Action<CheckFinding> found)
    {
        if (volume.Found == ConfigStatus.Ok)
        {
            return;
        }

        bool repaired = false;
        if (copies is not null)
        {
            string path = Path.Combine(lower, VolumeConfig.FileName);
            Errno kept = File.Exists(path) ? copies.Keep(VolumeConfig.FileName, "config", File.ReadAllBytes(path)) : Errno.None;
            repaired = kept == Errno.None && volume.Rebuild(new ConfigFile(root)) == ConfigStatus.Ok;
        }

        found(new CheckFinding(
            volume.Found == ConfigStatus.Missing ? CheckKind.ConfigMissing : CheckKind.ConfigDamaged,
            VolumeConfig.FileName,
            VolumeConfig.FileName,
            repaired ? "made from a file's header; its public keys are not known any more" : "",
            repaired));
    }

    // A bar on a terminal, of the bytes that the lower filesystem has in use at most; nothing elsewhere.
    private static void ShowProgress(string lower, bool isQuiet, Action<Action<long>> work)
    {
        if (isQuiet || Console.IsErrorRedirected)
        {
            work(static _ => { });
            return;
        }

        long total = new DirectoryInfo(lower)
            .EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true })
            .Sum(static file => file.Length);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask bar = progress.AddTask("checking", maxValue: Math.Max(total, 1));
            work(bytes => bar.Increment(bytes));
        });
    }

    private static PosixSignalRegistration Cancel(PosixSignal signal, CancellationTokenSource source) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            source.Cancel();
        });

    private static string StateDirectory()
    {
        string? named = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        string? home = Environment.GetEnvironmentVariable("HOME");
        return named is { Length: > 0 } ? Path.Combine(named, "stackfs")
            : home is { Length: > 0 } ? Path.Combine(home, ".local/state/stackfs")
            : throw new CommandException(ExitCode.Failure, "HOME is not set, so there is no place for the state of a check");
    }

    /// <summary>What is wanted of a check.</summary>
    private sealed record Wish(bool Repair, string? Salvage, bool Restart, bool Json);
}
