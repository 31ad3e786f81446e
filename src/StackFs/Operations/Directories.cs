using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>OPENDIR, READDIR, READDIRPLUS, RELEASEDIR, FSYNCDIR.</summary>
internal static class Directories
{
    /// <summary>OPENDIR.</summary>
    internal static void OpenDir(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        Errno error = worker.FindDirectory(request.Header.NodeId, out Inode inode, out LowerAddress address);
        if (error == Errno.None)
        {
            using (address)
            {
                error = Libc.OpenBeneath(
                    address.Directory, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out SafeFd? fd);
                if (error == Errno.None)
                {
                    DirectoryHandle handle = new(inode, fd!);
                    _ = worker.Filesystem.Handles.Add(handle);
                    FuseOpenOut opened = new() { FileHandle = handle.Id };
                    reply.Struct(in opened);
                    return;
                }
            }
        }

        reply.Fail(error);
    }

    /// <summary>READDIR: names and types.</summary>
    internal static void ReadDir(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply) =>
        Read(worker, in request, ref reply, withAttributes: false);

    /// <summary>READDIRPLUS: as READDIR, with a lookup of each entry.</summary>
    internal static void ReadDirPlus(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply) =>
        Read(worker, in request, ref reply, withAttributes: true);

    /// <summary>RELEASEDIR.</summary>
    internal static void ReleaseDir(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseReleaseIn release = reader.Read<FuseReleaseIn>();
        if (worker.Filesystem.Handles.Remove(release.FileHandle.Value) is DirectoryHandle handle)
        {
            handle.Dispose();
        }

        reply.Ok();
    }

    /// <summary>FSYNCDIR.</summary>
    internal static void FsyncDir(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseFsyncIn sync = reader.Read<FuseFsyncIn>();
        reply.Result(worker.Filesystem.Handles.Find(sync.FileHandle.Value) is DirectoryHandle handle
            ? Libc.Sync(handle.Fd, sync.FsyncFlags.HasFlag(FsyncFlags.DataOnly))
            : Errno.EBADF);
    }

    private static void Read(
        OperationWorker worker, in FuseRequest request, ref ReplyWriter reply, bool withAttributes)
    {
        RequestReader reader = request.Reader;
        FuseReadIn read = reader.Read<FuseReadIn>();
        if (reader.Failed || worker.Filesystem.Handles.Find(read.FileHandle.Value) is not DirectoryHandle handle)
        {
            reply.Fail(Errno.EBADF);
            return;
        }

        DirEntryWriter entries = new(reply.Payload[..(int)Math.Min(read.Size, (uint)reply.Payload.Length)]);
        lock (handle.Lock)
        {
            Errno error = Fill(worker, handle, read.Offset, ref entries, withAttributes);
            if (error != Errno.None && entries.Length == 0)
            {
                reply.Fail(error);
                return;
            }
        }

        reply.Complete(entries.Length);
    }

    private static Errno Fill(
        OperationWorker worker, DirectoryHandle handle, ulong offset, ref DirEntryWriter entries, bool withAttributes)
    {
        Errno error = handle.SeekTo(offset);
        LowerAddress directory = LowerAddress.OfDescriptor(handle.Fd);
        using (directory)
        {
            while (error == Errno.None)
            {
                error = handle.Peek(out ReadOnlySpan<byte> buffer);
                if (error != Errno.None || buffer.IsEmpty)
                {
                    break;
                }

                DirectoryRecords records = new(buffer);
                while (records.MoveNext())
                {
                    if (!TryAdd(worker, handle.Inode, in directory, in records, ref entries, withAttributes))
                    {
                        return Errno.None;
                    }

                    handle.Consume(records.Length, records.Next);
                }
            }
        }

        return error;
    }

    /// <summary>Adds one record as programs see it; false when it does not fit any more.</summary>
    private static bool TryAdd(
        OperationWorker worker,
        Inode parent,
        in LowerAddress directory,
        in DirectoryRecords record,
        ref DirEntryWriter entries,
        bool withAttributes)
    {
        if (record.Name.SequenceEqual("."u8) || record.Name.SequenceEqual(".."u8))
        {
            return AddPlain(record.Name, in record, ref entries, withAttributes);
        }

        bool inRoot = parent.Id == NodeId.Root;
        LowerNameKind kind = LegacyEntries.Classify(worker, record.Name, inRoot, out int length);
        if (kind == LowerNameKind.Long)
        {
            kind = Companions.ReadName(worker, in directory, record.Name, worker.UpperName, out length);
        }

        if (kind is not (LowerNameKind.Name or LowerNameKind.Foreign or LowerNameKind.Legacy))
        {
            if (kind == LowerNameKind.Invalid)
            {
                worker.Filesystem.Reports.CountInvalidName();
            }

            return true;
        }

        ReadOnlySpan<byte> upper = worker.UpperName.AsSpan(0, length);
        if (kind == LowerNameKind.Legacy && LegacyEntries.IsHidden(worker, parent, in directory, upper))
        {
            return true;
        }

        if (kind != LowerNameKind.Name)
        {
            parent.HasNoForeign = false;
        }

        return withAttributes
            ? AddPlus(worker, parent, in directory, in record, upper, kind, ref entries)
            : AddPlain(upper, in record, ref entries, withAttributes: false);
    }

    private static bool AddPlain(
        ReadOnlySpan<byte> name, in DirectoryRecords record, ref DirEntryWriter entries, bool withAttributes)
    {
        if (!withAttributes)
        {
            return entries.TryAdd(name, record.Inode, record.Next, record.Type);
        }

        FuseEntryOut entry = default;
        entry.Attr.Ino = record.Inode;
        entry.Attr.Mode = (uint)record.Type << 12;
        return entries.TryAddPlus(name, in entry, record.Next, record.Type);
    }

    private static bool AddPlus(
        OperationWorker worker,
        Inode parent,
        in LowerAddress directory,
        in DirectoryRecords record,
        ReadOnlySpan<byte> upper,
        LowerNameKind kind,
        ref DirEntryWriter entries)
    {
        if (!entries.FitsPlus(upper.Length))
        {
            return false;
        }

        Errno error = Libc.Statx(directory.Directory, record.Name, out StatxBuffer status);
        if (error != Errno.None)
        {
            // Gone meanwhile: left out. Anything else shows when the entry itself is asked for.
            return error == Errno.ENOENT || AddPlain(upper, in record, ref entries, withAttributes: true);
        }

        FuseEntryOut entry = Lookups.Remember(worker, parent, in directory, record.Name, kind, in status);
        return entries.TryAddPlus(upper, in entry, record.Next, record.Type);
    }
}
