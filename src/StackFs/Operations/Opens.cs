using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Operations;

/// <summary>OPEN, CREATE, TMPFILE and RELEASE: handles of regular files, and what all of one file share.</summary>
internal static class Opens
{
    /// <summary>OPEN. With O_TRUNC the content goes at once (FUSE_ATOMIC_O_TRUNC).</summary>
    internal static void Open(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseOpenIn open = reader.Read<FuseOpenIn>();
        Errno error = reader.Failed ? Errno.EINVAL : Errno.None;
        if (error == Errno.None)
        {
            error = worker.Find(request.Header.NodeId, out Inode inode);
            if (error == Errno.None)
            {
                error = Open(worker, inode, in open, out FuseOpenOut opened);
                if (error == Errno.None)
                {
                    reply.Struct(in opened);
                    return;
                }
            }
        }

        reply.Fail(error);
    }

    /// <summary>CREATE: always a new lower file; one that came to be meanwhile is looked up again by the kernel (ESTALE).</summary>
    internal static void Create(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseCreateIn create = reader.Read<FuseCreateIn>();
        ReadOnlySpan<byte> upper = reader.ReadName();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = Creations.Begin(
            worker, in request, upper, out Inode parent, out LowerAddress directory, out EntryName name);
        if (error == Errno.None)
        {
            using (directory)
            {
                error = CreateLower(worker, in request.Header, in directory, in name, in create, out SafeFd? fd);
                if (error == Errno.None)
                {
                    Companions.Confirm(worker, in directory, in name);
                    error = Adopt(worker, parent, in directory, name.Lower, fd!, create.Flags, out Created created);
                    if (error == Errno.None)
                    {
                        reply.Struct(in created.Entry, in created.Opened);
                        return;
                    }

                    // The caller is told that there is no file; failing to remove it leaves an empty one.
                    _ = Libc.Unlink(directory.Directory, name.Lower);
                    Creations.DropCompanion(worker, in directory, in name, error);
                }
            }
        }

        reply.Fail(error);
    }

    /// <summary>TMPFILE: a file without a name, which LINK may give it one.</summary>
    internal static void TmpFile(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseCreateIn create = reader.Read<FuseCreateIn>();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = worker.FindDirectory(request.Header.NodeId, out Inode parent, out LowerAddress directory);
        if (error == Errno.None)
        {
            using (directory)
            {
                SafeFd? fd;
                int exclusive = (int)create.Flags & OpenFlags.Exclusive;
                using (CallerIdentity.Scope caller = worker.Caller.Enter(in request.Header, create.Umask))
                {
                    error = Libc.OpenBeneath(
                        directory.Directory,
                        "."u8,
                        OpenFlags.TemporaryFile | OpenFlags.ReadWrite | exclusive,
                        caller.Mode(create.Mode),
                        out fd);
                }

                if (error == Errno.None)
                {
                    error = Adopt(worker, parent, in directory, default, fd!, create.Flags, out Created created);
                    if (error == Errno.None)
                    {
                        reply.Struct(in created.Entry, in created.Opened);
                        return;
                    }
                }
            }
        }

        reply.Fail(error);
    }

    /// <summary>RELEASE: the last handle seals the file. Nobody is told what it answers; FLUSH was.</summary>
    internal static void Release(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseReleaseIn release = reader.Read<FuseReleaseIn>();
        if (worker.Filesystem.Handles.Remove(release.FileHandle.Value) is not FileHandle handle)
        {
            reply.Fail(Errno.EBADF);
            return;
        }

        if (handle.IsWritable)
        {
            handle.Content.RemoveWriter();
        }

        worker.Filesystem.Locks.Close(handle);

        reply.Result(OpenFiles.Release(worker, handle.Inode, handle.Content));
    }

    private static Errno Open(OperationWorker worker, Inode inode, in FuseOpenIn open, out FuseOpenOut opened)
    {
        opened = default;
        bool truncates = (open.Flags & OpenFlags.Truncate) != 0;
        bool forWriting = truncates || (open.Flags & OpenFlags.AccessMode) != OpenFlags.ReadOnly;
        Errno error = truncates
            ? OpenFiles.Acquire(worker, inode, forWriting, out OpenContent? content)
            : OpenFiles.AcquireForHandle(worker, inode, forWriting, out content);
        if (error != Errno.None)
        {
            return error;
        }

        if (truncates)
        {
            error = content!.File.Truncate(0, worker.Scratch);
            if (error == Errno.None)
            {
                error = AttributeWrites.MarkModified(worker, inode);
            }

            if (error == Errno.None && open.OpenFlags.HasFlag(OpenRequestFlags.KillSuidGid))
            {
                error = AttributeWrites.DropPrivilegeBits(worker, inode);
            }
        }

        if (error != Errno.None)
        {
            // The error of truncating is the answer; what was sealed or not on the way out shows at the next open.
            _ = OpenFiles.Release(worker, inode, content!);
            return error;
        }

        opened = Opened(worker, new FileHandle(inode, content!, open.Flags));
        return Errno.None;
    }

    private static Errno CreateLower(
        OperationWorker worker,
        in FuseInHeader header,
        in LowerAddress directory,
        in EntryName name,
        in FuseCreateIn create,
        out SafeFd? fd)
    {
        using CallerIdentity.Scope caller = worker.Caller.Enter(in header, create.Umask);
        fd = null;
        Errno error = Companions.WriteName(worker, in directory, in name);
        if (error != Errno.None)
        {
            return error;
        }

        error = Libc.OpenBeneath(
            directory.Directory,
            name.Lower,
            OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.ReadWrite | OpenFlags.NoFollow,
            caller.Mode(create.Mode),
            out fd);
        if (error != Errno.None)
        {
            Creations.DropCompanion(worker, in directory, in name, error);
        }

        return error == Errno.EEXIST && (create.Flags & OpenFlags.Exclusive) == 0 ? Errno.ESTALE : error;
    }

    /// <summary>Makes entry and handle of a file just made; owns the descriptor.</summary>
    /// <param name="worker">The calling worker.</param>
    /// <param name="parent">Its directory.</param>
    /// <param name="directory">That directory below.</param>
    /// <param name="lower">The lower name; empty for a file without one.</param>
    /// <param name="fd">The lower file, O_RDWR.</param>
    /// <param name="flags">O_* flags of the handle.</param>
    /// <param name="created">What the kernel is answered.</param>
    private static Errno Adopt(
        OperationWorker worker,
        Inode parent,
        in LowerAddress directory,
        ReadOnlySpan<byte> lower,
        SafeFd fd,
        uint flags,
        out Created created)
    {
        created = default;
        Errno error = Libc.Statx(fd, default, out StatxBuffer status);
        if (error != Errno.None)
        {
            fd.Dispose();
            return error;
        }

        InodeTable inodes = worker.Filesystem.Inodes;
        LowerId id = LowerId.Of(in status);
        Inode inode = lower.IsEmpty
            ? inodes.RememberUnnamed(id, status.Mode, status.Birth)
            : inodes.Remember(id, status.Mode, parent, lower, status.Birth);
        error = OpenFiles.Adopt(worker, inode, fd, out OpenContent? content);
        if (error != Errno.None)
        {
            inodes.Forget(inode.Id, 1);
            return error;
        }

        inode.HasNoCapabilities = !worker.Filesystem.IsShared;
        created.Entry = AttributeReply.Entry(worker, inode, in status, directory.With(lower));
        created.Opened = Opened(worker, new FileHandle(inode, content!, flags));
        return Errno.None;
    }

    private static FuseOpenOut Opened(OperationWorker worker, FileHandle handle)
    {
        _ = worker.Filesystem.Handles.Add(handle);
        // Pages that the kernel keeps do not learn what others write: times do not tell of every change.
        OpenReplyFlags flags = worker.Filesystem.TakesTurns ? OpenReplyFlags.DirectIo
            : worker.Filesystem.IsShared ? OpenReplyFlags.None
            : OpenReplyFlags.KeepCache;
        return new FuseOpenOut { FileHandle = handle.Id, OpenFlags = flags };
    }

    private struct Created
    {
        internal FuseEntryOut Entry;
        internal FuseOpenOut Opened;
    }
}
