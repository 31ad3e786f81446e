using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Operations;

/// <summary>READ, WRITE, FLUSH, FSYNC, FALLOCATE, LSEEK, COPY_FILE_RANGE on open regular files.</summary>
internal static class FileData
{
    // A request occupies a worker and cannot be interrupted; the program asks again for the rest.
    private const int MaxCopy = 16 << 20;

    /// <summary>READ.</summary>
    internal static void Read(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseReadIn read = reader.Read<FuseReadIn>();
        if (Find(worker, read.FileHandle) is not { } handle)
        {
            reply.Fail(Errno.EBADF);
            return;
        }

        Span<byte> destination = reply.Payload[..(int)Math.Min(read.Size, (uint)reply.Payload.Length)];
        Errno error = handle.File.Read((long)read.Offset, destination, worker.Scratch, out int count);

        // The page cache takes a short answer for the end of the file and shows zeros after it; asked page by page after an
        // error, it gets what can be read. O_DIRECT passes a short answer on to the program.
        bool isDirect = (read.Flags & OpenFlags.Direct) != 0;
        if (error != Errno.None && (count == 0 || !isDirect))
        {
            reply.Fail(error);
        }
        else
        {
            reply.Complete(count);
        }
    }

    /// <summary>WRITE.</summary>
    internal static void Write(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseWriteIn write = reader.Read<FuseWriteIn>();
        ReadOnlySpan<byte> data = reader.ReadBytes(write.Size);
        if (reader.Failed || Find(worker, write.FileHandle) is not { } handle)
        {
            reply.Fail(Errno.EBADF);
            return;
        }

        // The kernel's idea of the end is of before others wrote.
        bool appends = worker.Filesystem.TakesTurns
            && (write.Flags & OpenFlags.Append) != 0 && !write.WriteFlags.HasFlag(WriteFlags.Cache);
        Errno error = appends
            ? handle.File.Append(data, worker.Scratch, out int count)
            : handle.File.Write((long)write.Offset, data, worker.Scratch, out count);
        if (write.WriteFlags.HasFlag(WriteFlags.Cache))
        {
            // Nobody would write again what a short answer to writeback leaves out.
            while (error == Errno.None && count < data.Length)
            {
                error = handle.File.Write((long)write.Offset + count, data[count..], worker.Scratch, out int more);
                count += more;
            }
        }

        if (error == Errno.None && write.WriteFlags.HasFlag(WriteFlags.KillSuidGid))
        {
            error = AttributeWrites.DropPrivilegeBits(worker, handle.Inode);
        }

        if (error != Errno.None)
        {
            reply.Fail(error);
            return;
        }

        FuseWriteOut written = new() { Size = (uint)count };
        reply.Struct(in written);
    }

    /// <summary>
    /// FLUSH. Under writeback caching of a lower directory of ours alone, where no locks end with it, answered ENOSYS: the
    /// kernel sends no more of them, one round trip less for each close. On closing it still writes its dirty pages and then
    /// the modification time (SETATTR), which seals the file first, and reports what fails.
    /// </summary>
    internal static void Flush(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseFlushIn flush = reader.Read<FuseFlushIn>();
        if (Find(worker, flush.FileHandle) is not { } handle)
        {
            reply.Fail(Errno.EBADF);
            return;
        }

        worker.Filesystem.Locks.Close(handle.Inode, flush.LockOwner);
        Errno error = handle.File.Seal(worker.Scratch);
        bool mayGoWithout = worker.Filesystem.UsesWriteback && !worker.Filesystem.IsShared;
        reply.Result(error == Errno.None && mayGoWithout ? Errno.ENOSYS : error);
    }

    /// <summary>FSYNC.</summary>
    internal static void Fsync(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseFsyncIn sync = reader.Read<FuseFsyncIn>();
        bool dataOnly = sync.FsyncFlags.HasFlag(FsyncFlags.DataOnly);
        reply.Result(Find(worker, sync.FileHandle)?.File.Sync(dataOnly, worker.Scratch) ?? Errno.EBADF);
    }

    /// <summary>FALLOCATE.</summary>
    internal static void FAllocate(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseFAllocateIn allocate = reader.Read<FuseFAllocateIn>();
        reply.Result(
            Find(worker, allocate.FileHandle)?.File.Allocate(
                (int)allocate.Mode, (long)allocate.Offset, (long)allocate.Length, worker.Scratch) ?? Errno.EBADF);
    }

    /// <summary>LSEEK.</summary>
    internal static void LSeek(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseLSeekIn seek = reader.Read<FuseLSeekIn>();
        if (Find(worker, seek.FileHandle) is not { } handle)
        {
            reply.Fail(Errno.EBADF);
            return;
        }

        if (worker.Filesystem.UsesWriteback && handle.Content.HasWriters
            && worker.Filesystem.DirtyPages.WriteBack(request.Header.NodeId, (long)seek.Offset) != Errno.None)
        {
            // EINVAL is what a filesystem answers that knows no holes: programs read on as if there were none.
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = seek.Whence == DataFlags.SeekData
            ? handle.File.SeekData((long)seek.Offset, worker.Scratch, out long found)
            : handle.File.SeekHole((long)seek.Offset, worker.Scratch, out found);
        if (error != Errno.None)
        {
            reply.Fail(error);
            return;
        }

        FuseLSeekOut position = new() { Offset = (ulong)found };
        reply.Struct(in position);
    }

    /// <summary>COPY_FILE_RANGE: its reply is that of a write.</summary>
    internal static void CopyFileRange(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        if (TryCopy(worker, in request, ref reply, out long copied))
        {
            FuseWriteOut written = new() { Size = (uint)copied };
            reply.Struct(in written);
        }
    }

    /// <summary>COPY_FILE_RANGE_64: the same with a reply of 64 bits.</summary>
    internal static void CopyFileRange64(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        if (TryCopy(worker, in request, ref reply, out long copied))
        {
            FuseCopyFileRangeOut written = new() { BytesCopied = (ulong)copied };
            reply.Struct(in written);
        }
    }

    // Each file has its own key: the range is read and written, through the reply's buffer. False when it has answered.
    private static bool TryCopy(
        OperationWorker worker, in FuseRequest request, ref ReplyWriter reply, out long copied)
    {
        copied = 0;
        RequestReader reader = request.Reader;
        FuseCopyFileRangeIn copy = reader.Read<FuseCopyFileRangeIn>();
        if (reader.Failed || copy.OffsetIn > long.MaxValue || copy.OffsetOut > long.MaxValue - MaxCopy)
        {
            reply.Fail(Errno.EINVAL);
            return false;
        }

        if (Find(worker, copy.FileHandleIn) is not { } source || Find(worker, copy.FileHandleOut) is not { } target)
        {
            reply.Fail(Errno.EBADF);
            return false;
        }

        long wanted = (long)Math.Min(copy.Length, MaxCopy);
        Errno error = Errno.None;
        while (copied < wanted)
        {
            Span<byte> buffer = reply.Payload[..(int)Math.Min(wanted - copied, reply.Payload.Length)];
            error = source.File.Read((long)copy.OffsetIn + copied, buffer, worker.Scratch, out int read);
            if (error == Errno.None && read < buffer.Length && worker.Filesystem.UsesWriteback)
            {
                // The kernel asks for nothing past the end it knows. What it has not yet written ends farther on, and
                // everything before that in the range is here: the rest are zeros.
                buffer[read..].Clear();
                read = buffer.Length;
            }

            if (read == 0)
            {
                break;
            }

            Errno failed = target.File.Write((long)copy.OffsetOut + copied, buffer[..read], worker.Scratch, out int count);
            copied += count;
            error = failed != Errno.None ? failed : error;
            if (error != Errno.None || count < buffer.Length)
            {
                break;
            }
        }

        if (copied == 0 && error != Errno.None)
        {
            reply.Fail(error);
            return false;
        }

        return true;
    }

    private static FileHandle? Find(OperationWorker worker, FileHandleId id) =>
        worker.Filesystem.Handles.Find(id.Value) as FileHandle;
}
