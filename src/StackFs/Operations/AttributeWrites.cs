using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Operations;

/// <summary>SETATTR: size, owner, mode and times, in this order, because each may undo what comes after it.</summary>
internal static class AttributeWrites
{
    private const SetAttrValid Owner = SetAttrValid.Uid | SetAttrValid.Gid;
    private const SetAttrValid Times =
        SetAttrValid.Atime | SetAttrValid.AtimeNow | SetAttrValid.Mtime | SetAttrValid.MtimeNow;
    private const SetAttrValid Modified = SetAttrValid.Mtime | SetAttrValid.MtimeNow;
    private const SetAttrValid KeptTimes = SetAttrValid.Mtime | SetAttrValid.Ctime;

    // Seconds by which the change time that the kernel keeps may differ from the lower file's without being brought there.
    private const double ChangeTimeTolerance = 0.02;

    /// <summary>SETATTR.</summary>
    internal static void SetAttr(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseSetAttrIn change = reader.Read<FuseSetAttrIn>();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = worker.Find(request.Header.NodeId, out Inode inode);
        FuseAttrOut attributes = default;
        if (error == Errno.None)
        {
            if (!inode.IsForeign && HasThoseTimes(worker, inode, in change, out attributes))
            {
                reply.Struct(in attributes);
                return;
            }

            error = inode.IsForeign ? Errno.EPERM
                : LegacyEntries.IsReadOnly(worker, inode) ? Errno.EROFS
                : Apply(worker, inode, in change);
        }

        if (error == Errno.None)
        {
            error = AttributeReads.Read(worker, inode, out attributes);
            if (error == Errno.None)
            {
                reply.Struct(in attributes);
                return;
            }
        }

        reply.Fail(error);
    }

    /// <summary>
    /// Clears set-user-ID, and set-group-ID where the group may execute, as the VFS does when somebody without privilege
    /// changes a file (FUSE_HANDLE_KILLPRIV_V2): the lower filesystem sees our privilege, not the caller's.
    /// </summary>
    internal static Errno DropPrivilegeBits(OperationWorker worker, Inode inode)
    {
        Errno error = worker.LocateToChange(inode, out LowerAddress address);
        if (error != Errno.None)
        {
            return error;
        }

        using (address)
        {
            error = Libc.Statx(address.Directory, address.Name, out StatxBuffer status);
            if (error != Errno.None)
            {
                return error;
            }

            uint mode = status.Mode & ModeBits.PermissionMask;
            uint kept = mode & ~ModeBits.SetUserId;
            if ((mode & ModeBits.GroupExecute) != 0)
            {
                kept &= ~ModeBits.SetGroupId;
            }

            return kept == mode ? Errno.None : Libc.ChangeMode(address.Directory, address.Name, kept);
        }
    }

    /// <summary>truncate(2) moves the modification time also where the size stays, which below would change nothing.</summary>
    internal static Errno MarkModified(OperationWorker worker, Inode inode)
    {
        Errno error = worker.LocateToChange(inode, out LowerAddress address);
        if (error != Errno.None)
        {
            return error;
        }

        using (address)
        {
            return Libc.ChangeTimes(address.Directory, address.Name, Timespec.Omit, Timespec.Now);
        }
    }

    /// <summary>
    /// Whether the lower file already has the times that the kernel brings: under writeback it does so after each rename,
    /// link and removal, whose change time the lower filesystem has seen to itself.
    /// </summary>
    private static bool HasThoseTimes(
        OperationWorker worker, Inode inode, in FuseSetAttrIn change, out FuseAttrOut attributes)
    {
        attributes = default;
        if ((change.Valid & ~SetAttrValid.FileHandle) != KeptTimes || inode.Content is not null
            || AttributeReads.ReadStatus(worker, inode, out LowerAddress address, out StatxBuffer status) != Errno.None)
        {
            return false;
        }

        using (address)
        {
            double later = change.Ctime - (double)status.ChangeTime.Seconds
                + (((double)change.CtimeNsec - status.ChangeTime.Nanoseconds) / 1e9);
            if (status.ModifyTime.Seconds != change.Mtime || status.ModifyTime.Nanoseconds != change.MtimeNsec
                || later > ChangeTimeTolerance)
            {
                return false;
            }

            attributes.AttrValid = worker.Filesystem.Lifetimes.Attributes;
            attributes.Attr = AttributeReply.Attributes(worker, inode, in status, in address);
            return true;
        }
    }

    private static Errno Apply(OperationWorker worker, Inode inode, in FuseSetAttrIn change)
    {
        SetAttrValid valid = change.Valid;
        Errno error = Errno.None;
        if (valid.HasFlag(SetAttrValid.Size))
        {
            error = Resize(worker, inode, change.Size);
            if (error == Errno.None && (valid & Modified) == 0)
            {
                error = MarkModified(worker, inode);
            }
        }
        else if (OpenContent.Of(inode) is not null && (valid & (Times | SetAttrValid.Mode)) != 0)
        {
            error = Seal(worker, inode, timesFollow: (valid & Modified) != 0);
        }

        if (error == Errno.None && (valid & Owner) != 0)
        {
            error = ChangeOwner(worker, inode, in change);
        }

        if (error == Errno.None && valid.HasFlag(SetAttrValid.KillSuidGid))
        {
            error = DropPrivilegeBits(worker, inode);
        }

        if (error == Errno.None && valid.HasFlag(SetAttrValid.Mode))
        {
            error = ChangeMode(worker, inode, change.Mode);
        }

        return error == Errno.None && (valid & Times) != 0 ? ChangeTimes(worker, inode, in change) : error;
    }

    private static Errno Resize(OperationWorker worker, Inode inode, ulong size)
    {
        if (size > long.MaxValue)
        {
            return Errno.EFBIG;
        }

        Errno error = OpenFiles.Acquire(worker, inode, forWriting: true, out OpenContent? content);
        if (error != Errno.None)
        {
            return error;
        }

        error = content!.File.Truncate((long)size, worker.Scratch);
        Errno released = OpenFiles.Release(worker, inode, content);
        return error != Errno.None ? error : released;
    }

    /// <summary>Seals what is open before times and mode change: sealing itself changes the lower file.</summary>
    private static Errno Seal(OperationWorker worker, Inode inode, bool timesFollow)
    {
        OpenContent? content;
        lock (inode)
        {
            content = OpenContent.Of(inode);
            if (content is null)
            {
                return Errno.None;
            }

            content.Users++;
        }

        Errno error = timesFollow
            ? content.File.SealBeforeTimes(worker.Scratch)
            : content.File.Seal(worker.Scratch);
        Errno released = OpenFiles.Release(worker, inode, content);
        return error != Errno.None ? error : released;
    }

    private static Errno ChangeOwner(OperationWorker worker, Inode inode, in FuseSetAttrIn change)
    {
        uint user = change.Valid.HasFlag(SetAttrValid.Uid) ? change.Uid : uint.MaxValue;
        uint group = change.Valid.HasFlag(SetAttrValid.Gid) ? change.Gid : uint.MaxValue;
        Errno error = worker.LocateToChange(inode, out LowerAddress address);
        if (error != Errno.None)
        {
            return error;
        }

        using (address)
        {
            return Libc.ChangeOwner(address.Directory, address.Name, user, group);
        }
    }

    private static Errno ChangeMode(OperationWorker worker, Inode inode, uint mode)
    {
        Errno error = worker.LocateToChange(inode, out LowerAddress address);
        if (error != Errno.None)
        {
            return error;
        }

        using (address)
        {
            return Libc.ChangeMode(address.Directory, address.Name, mode & ModeBits.PermissionMask);
        }
    }

    private static Errno ChangeTimes(OperationWorker worker, Inode inode, in FuseSetAttrIn change)
    {
        SetAttrValid valid = change.Valid;
        Timespec access = valid.HasFlag(SetAttrValid.AtimeNow) ? Timespec.Now
            : valid.HasFlag(SetAttrValid.Atime) ? new Timespec(change.Atime, change.AtimeNsec)
            : Timespec.Omit;
        Timespec modify = valid.HasFlag(SetAttrValid.MtimeNow) ? Timespec.Now
            : valid.HasFlag(SetAttrValid.Mtime) ? new Timespec(change.Mtime, change.MtimeNsec)
            : Timespec.Omit;
        Errno error = worker.LocateToChange(inode, out LowerAddress address);
        if (error != Errno.None)
        {
            return error;
        }

        using (address)
        {
            return Libc.ChangeTimes(address.Directory, address.Name, access, modify);
        }
    }
}
