using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Operations;

/// <summary>READ, WRITE, FLUSH, FSYNC, FALLOCATE, LSEEK on open regular files.</summary>
internal static class FileData
{
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
        if (error != Errno.None && count == 0)
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

        Errno error = handle.File.Write((long)write.Offset, data, worker.Scratch, out int count);
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

    /// <summary>FLUSH.</summary>
    internal static void Flush(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseFlushIn flush = reader.Read<FuseFlushIn>();
        reply.Result(Find(worker, flush.FileHandle)?.File.Seal(worker.Scratch) ?? Errno.EBADF);
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

        Errno error = seek.Whence == DataFlags.SeekData
            ? handle.File.SeekData((long)seek.Offset, out long found)
            : handle.File.SeekHole((long)seek.Offset, out found);
        if (error != Errno.None)
        {
            reply.Fail(error);
            return;
        }

        FuseLSeekOut position = new() { Offset = (ulong)found };
        reply.Struct(in position);
    }

    private static FileHandle? Find(OperationWorker worker, FileHandleId id) =>
        worker.Filesystem.Handles.Find(id.Value) as FileHandle;
}
