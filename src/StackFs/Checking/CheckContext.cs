using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Checking;

/// <summary>What a check works with, and where its findings go. Its callbacks are called from several threads.</summary>
internal sealed class CheckContext
{
    /// <summary>The lower root, open for reading; the caller's.</summary>
    internal required SafeFd Root { get; init; }

    /// <summary>The volume, whose key is at hand; the caller's.</summary>
    internal required NativeVolume Volume { get; init; }

    /// <summary>The SIV key of its names; the caller's.</summary>
    internal required SecretBuffer NamesKey { get; init; }

    /// <summary>Whether names are stored as they are.</summary>
    internal bool HasPlainNames { get; init; }

    /// <summary>Whether what can be put right is.</summary>
    internal bool Repairs { get; init; }

    /// <summary>A mount writes meanwhile: what looks wrong is looked at again, and what is being written is not judged.</summary>
    internal bool IsOnline { get; init; }

    /// <summary>Keeps what a repair replaces; needed where it repairs.</summary>
    internal RepairCopies? Copies { get; init; }

    /// <summary>Where the readable part of damaged files goes; null for nowhere.</summary>
    internal string? SalvageDirectory { get; init; }

    /// <summary>Threads that read files.</summary>
    internal int Threads { get; init; } = 1;

    /// <summary>What was gone through.</summary>
    internal CheckTotals Totals { get; } = new();

    /// <summary>Takes each finding.</summary>
    internal required Action<CheckFinding> Found { get; init; }

    /// <summary>Takes bytes read, as they are.</summary>
    internal Action<long> Progress { get; init; } = static _ => { };

    /// <summary>Whether a directory's entries were checked before, in a run that was interrupted.</summary>
    internal Func<string, bool> IsDone { get; init; } = static _ => false;

    /// <summary>A directory's entries are checked, but for those below its directories.</summary>
    internal Action<string, long> Done { get; init; } = static (_, _) => { };

    /// <summary>Ends the check between two files.</summary>
    internal CancellationToken Cancellation { get; init; }
}
