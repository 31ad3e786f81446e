using StackFs.Fuse;
using StackFs.Interop;

namespace StackFs.Operations;

/// <summary>A lock that a program wants, and where it lies in the lower file.</summary>
/// <remarks>
/// Locks of programs stand above every byte that a file of any lower filesystem has, so that they never meet the lock that
/// mounts take turns by, which is on the header. An flock(2) is a lock on a byte of its own there, since NFS makes record
/// locks on the whole file of it.
/// </remarks>
internal readonly struct LockRequest
{
    private const long FlockByte = RecordBase - 1;
    private const long RecordBase = 1L << 62;
    private const long Furthest = RecordBase - 2;

    /// <summary>Takes it from a request.</summary>
    internal LockRequest(FileHandle handle, ulong owner, bool isFlock, in FuseFileLock wanted)
    {
        Handle = handle;
        Owner = owner;
        IsFlock = isFlock;
        Type = (RangeLockType)wanted.Type;
        if (isFlock)
        {
            (LowerOffset, LowerLength) = (FlockByte, 1);
            return;
        }

        long start = (long)Math.Min(wanted.Start, Furthest);
        LowerOffset = RecordBase + start;
        LowerLength = wanted.End >= Furthest ? 0 : (long)wanted.End - start + 1;
    }

    /// <summary>The open file that it is asked for through.</summary>
    internal FileHandle Handle { get; }

    /// <summary>Whom the kernel takes for its owner: a process, or an open file.</summary>
    internal ulong Owner { get; }

    /// <summary>An flock(2), not a record lock.</summary>
    internal bool IsFlock { get; }

    /// <summary>What is wanted.</summary>
    internal RangeLockType Type { get; }

    /// <summary>Its first byte below.</summary>
    internal long LowerOffset { get; }

    /// <summary>Its length below; 0 is without end.</summary>
    internal long LowerLength { get; }

    /// <summary>Writes a lock found below as the kernel knows it.</summary>
    internal static void Describe(RangeLockType type, long lowerOffset, long lowerLength, ref FuseFileLock found)
    {
        long start = Math.Max(lowerOffset - RecordBase, 0);
        found.Type = (uint)type;
        found.Start = (ulong)start;
        found.End = lowerLength == 0 ? long.MaxValue : (ulong)(start + lowerLength - 1);
        found.Pid = 0;
    }
}
