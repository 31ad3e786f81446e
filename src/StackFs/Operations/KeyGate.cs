using StackFs.Fuse;
using StackFs.Keyring.Client;

namespace StackFs.Operations;

/// <summary>Where the volume key is, for the requests of a mount (Mounting/LEASE.md, "States").</summary>
internal enum KeyState
{
    /// <summary>Here.</summary>
    Held = 0,

    /// <summary>Wanted back: here for writing out alone.</summary>
    Leaving = 1,

    /// <summary>Wiped, with all that came from it.</summary>
    Gone = 2,
}

/// <summary>
/// Decides, by one look at a field, whether a request may begin (Mounting/LEASE.md). Workers take no lock here; who changes
/// the state waits with <see cref="FuseSession.Round"/> for those that looked before.
/// </summary>
internal sealed class KeyGate
{
    // One bit for each opcode.
    private const ulong NeedsNoKey =
        (1UL << (int)FuseOpcode.Forget) | (1UL << (int)FuseOpcode.BatchForget)
        | (1UL << (int)FuseOpcode.Release) | (1UL << (int)FuseOpcode.ReleaseDir)
        | (1UL << (int)FuseOpcode.Flush) | (1UL << (int)FuseOpcode.Fsync) | (1UL << (int)FuseOpcode.FsyncDir)
        | (1UL << (int)FuseOpcode.GetLk) | (1UL << (int)FuseOpcode.SetLk) | (1UL << (int)FuseOpcode.SetLkW)
        | (1UL << (int)FuseOpcode.StatFs) | (1UL << (int)FuseOpcode.SyncFs);

    private const ulong NeedsNoKeyAtTheRoot =
        (1UL << (int)FuseOpcode.GetAttr) | (1UL << (int)FuseOpcode.StatX) | (1UL << (int)FuseOpcode.OpenDir);

    // What the kernel sends to write times back; a program that sets them sends the access time too.
    private const SetAttrValid WrittenBackTimes =
        SetAttrValid.Mtime | SetAttrValid.Ctime | SetAttrValid.FileHandle | SetAttrValid.LockOwner;

    private volatile int _state;
    private long _writtenBack;
    private long _failedWriteBack;
    private long _writtenTooLate;

    /// <summary>Where the key is; changed by one thread at a time.</summary>
    internal KeyState State
    {
        get => (KeyState)_state;
        set => _state = (int)value;
    }

    /// <summary>The lease whose idle time counts from the last request; null for a key of the mount's own.</summary>
    internal KeyringLease? Lease { get; set; }

    /// <summary>Pages or runs of them that the kernel wrote back while the key was leaving.</summary>
    internal long WrittenBack => Interlocked.Read(ref _writtenBack);

    /// <summary>Of those, how many the lower filesystem did not take.</summary>
    internal long FailedWriteBack => Interlocked.Read(ref _failedWriteBack);

    /// <summary>Writes of dirty pages that came when the key was gone, and were refused.</summary>
    internal long WrittenTooLate => Interlocked.Read(ref _writtenTooLate);

    /// <summary>Whether a request may begin; ENOKEY where not.</summary>
    internal bool Admits(in FuseRequest request)
    {
        ulong bit = BitOf(request.Header.Opcode);
        if (_state == (int)KeyState.Held)
        {
            if (Lease is { } lease && (bit & NeedsNoKey) == 0)
            {
                lease.MarkUsed();
            }

            return true;
        }

        return (bit & NeedsNoKey) != 0
            || ((bit & NeedsNoKeyAtTheRoot) != 0 && request.Header.NodeId == NodeId.Root)
            || AdmitsWriteBack(in request);
    }

    /// <summary>Counts what became of a request admitted while the key was leaving.</summary>
    internal void Count(in FuseRequest request, bool failed)
    {
        if (request.Header.Opcode == FuseOpcode.Write)
        {
            _ = Interlocked.Increment(ref _writtenBack);
            if (failed)
            {
                _ = Interlocked.Increment(ref _failedWriteBack);
            }
        }
    }

    private static ulong BitOf(FuseOpcode opcode) => (uint)opcode < 64 ? 1UL << (int)opcode : 0;

    private bool AdmitsWriteBack(in FuseRequest request)
    {
        RequestReader reader = request.Reader;
        switch (request.Header.Opcode)
        {
            case FuseOpcode.Write:
                bool isWriteBack = reader.Read<FuseWriteIn>().WriteFlags.HasFlag(WriteFlags.Cache) && !reader.Failed;
                bool isTooLate = _state == (int)KeyState.Gone;
                if (isWriteBack && isTooLate)
                {
                    _ = Interlocked.Increment(ref _writtenTooLate);
                }

                return isWriteBack && !isTooLate;

            case FuseOpcode.SetAttr:
                SetAttrValid valid = reader.Read<FuseSetAttrIn>().Valid;
                return !reader.Failed && (valid & ~WrittenBackTimes) == 0
                    && (_state == (int)KeyState.Leaving || valid.HasFlag(SetAttrValid.FileHandle));

            default:
                return false;
        }
    }
}
