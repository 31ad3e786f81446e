using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>Turns what statx(2) says of a lower file into what programs see of the upper one.</summary>
internal static class AttributeReply
{
    /// <summary>Attributes of an inode, from its lower status.</summary>
    /// <param name="worker">The calling worker.</param>
    /// <param name="inode">The inode.</param>
    /// <param name="status">What its lower file says now.</param>
    /// <param name="address">Where the lower file is; a long symlink target is measured there.</param>
    internal static FuseAttr Attributes(
        OperationWorker worker, Inode inode, in StatxBuffer status, in LowerAddress address) => new()
        {
            Ino = status.Inode,
            Size = SizeOf(worker, inode, in status, in address),
            Blocks = BlocksOf(worker, inode, in status),
            Atime = status.AccessTime.Seconds,
            Mtime = status.ModifyTime.Seconds,
            Ctime = status.ChangeTime.Seconds,
            AtimeNsec = status.AccessTime.Nanoseconds,
            MtimeNsec = status.ModifyTime.Nanoseconds,
            CtimeNsec = status.ChangeTime.Nanoseconds,
            Mode = status.Mode,
            Nlink = status.LinkCount,
            Uid = status.UserId,
            Gid = status.GroupId,
            Rdev = status.RawDevice,
            Blksize = status.BlockSize,
        };

    /// <summary>An entry for the kernel, which adds one to the lookup count that the caller has taken.</summary>
    internal static FuseEntryOut Entry(
        OperationWorker worker, Inode inode, in StatxBuffer status, in LowerAddress address) => new()
        {
            NodeId = inode.Id,
            Generation = worker.Filesystem.Generation,
            EntryValid = worker.Filesystem.Lifetimes.Entries,
            AttrValid = worker.Filesystem.Lifetimes.Attributes,
            Attr = Attributes(worker, inode, in status, in address),
        };

    /// <summary>That there is no such name.</summary>
    internal static FuseEntryOut NoEntry(OperationWorker worker) =>
        new() { NodeId = NodeId.None, EntryValid = worker.Filesystem.Lifetimes.Negatives };

    /// <summary>The upper size, in bytes; shown as a guess, never as an error, so that what is damaged can be removed.</summary>
    internal static ulong SizeOf(
        OperationWorker worker, Inode inode, in StatxBuffer status, in LowerAddress address)
    {
        if (inode.IsForeign || (!inode.IsRegular && !ModeBits.IsSymbolicLink(inode.Type)))
        {
            return status.Size;
        }

        long lowerSize = (long)Math.Min(status.Size, long.MaxValue);
        if (!inode.IsRegular)
        {
            return (ulong)TargetSize(worker, lowerSize, in address);
        }

        // Of an open file that others write too, only the lower size of now tells.
        LowerFormat format = worker.Filesystem.Format;
        long size = 0;
        if ((!worker.Filesystem.TakesTurns && OpenFiles.TryGetSize(inode, out size))
            || (!inode.MustOpenForSize && format.TryGetUpperSize(lowerSize, in address, out size)))
        {
            return (ulong)size;
        }

        if (OpenFiles.Acquire(worker, inode, forWriting: false, out OpenContent? content) == Errno.None)
        {
            _ = content!.File.Refresh(worker.Scratch); // An error leaves the size that was known last.
            size = content.File.Size;
            // Only read, so there is nothing to seal.
            _ = OpenFiles.Release(worker, inode, content);
            return (ulong)size;
        }

        return (ulong)format.GuessUpperSize(lowerSize);
    }

    private static long TargetSize(OperationWorker worker, long lowerSize, in LowerAddress address)
    {
        // A target of the other form has the same look from outside; only reading tells.
        long size = worker.Legacy is null ? worker.Targets.SizeOf(lowerSize) : -1;
        if (size >= 0)
        {
            return size;
        }

        Span<byte> buffer = stackalloc byte[LowerNames.TargetLength + 1];
        ReadOnlySpan<byte> companion = address.IsSelf ? default : TargetCompanions.Of(in address, address.Name, buffer);
        if (!companion.IsEmpty)
        {
            return Libc.Statx(address.Directory, companion, out StatxBuffer status) == Errno.None
                ? SymlinkTargets.SizeOfText((long)Math.Min(status.Size, int.MaxValue))
                : 0;
        }

        return Links.ReadTarget(worker, in address, worker.LowerText, out int length) == Errno.None ? length : 0;
    }

    private static ulong BlocksOf(OperationWorker worker, Inode inode, in StatxBuffer status)
    {
        ulong header = worker.Filesystem.Format.HeaderBlocks;
        return inode.IsRegular && !inode.IsForeign && status.Blocks >= header ? status.Blocks - header : status.Blocks;
    }
}
