using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Operations;

/// <summary>GETATTR and STATX.</summary>
internal static class AttributeReads
{
    // A rename may move the inode, or take away the name by which it is found, while it is looked for.
    private const int Attempts = 2;

    /// <summary>GETATTR.</summary>
    internal static void GetAttr(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        Errno error = worker.Find(request.Header.NodeId, out Inode inode);
        if (error == Errno.None)
        {
            error = Read(worker, inode, out FuseAttrOut attributes);
            if (error == Errno.None)
            {
                reply.Struct(in attributes);
                return;
            }
        }

        reply.Fail(error);
    }

    /// <summary>STATX: as GETATTR, with the birth time.</summary>
    internal static void StatX(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        Errno error = worker.Find(request.Header.NodeId, out Inode inode);
        if (error == Errno.None)
        {
            error = ReadStatus(worker, inode, out LowerAddress address, out StatxBuffer status);
            if (error == Errno.None)
            {
                using (address)
                {
                    FuseStatXOut answer = new()
                    {
                        AttrValid = worker.Filesystem.Lifetimes.Attributes,
                        Stat = Convert(worker, inode, in status, in address),
                    };
                    reply.Struct(in answer);
                    return;
                }
            }
        }

        reply.Fail(error);
    }

    /// <summary>The attributes of an inode as they are now.</summary>
    internal static Errno Read(OperationWorker worker, Inode inode, out FuseAttrOut attributes)
    {
        attributes = default;
        Errno error = ReadStatus(worker, inode, out LowerAddress address, out StatxBuffer status);
        if (error == Errno.None)
        {
            using (address)
            {
                attributes.AttrValid = worker.Filesystem.Lifetimes.Attributes;
                attributes.Attr = AttributeReply.Attributes(worker, inode, in status, in address);
            }
        }

        return error;
    }

    /// <summary>The lower status of an inode; the address is disposed by the caller when it succeeds.</summary>
    /// <returns>ESTALE when another file, or none, is where it was known to be; the kernel looks the path up again.</returns>
    internal static Errno ReadStatus(
        OperationWorker worker, Inode inode, out LowerAddress address, out StatxBuffer status)
    {
        status = default;
        for (int attempt = 0; ; attempt++)
        {
            Errno error = worker.Locate(inode, out address);
            if (error != Errno.None)
            {
                return error;
            }

            error = Libc.Statx(address.Directory, address.Name, out status);
            if (error == Errno.None && LowerId.Of(in status) == inode.Lower)
            {
                return Errno.None;
            }

            bool isGone = error is Errno.None or Errno.ENOENT;
            if (isGone)
            {
                InodeTable.Distrust(inode, address.Name);
            }

            address.Dispose();
            address = default;
            if (!isGone || attempt == Attempts)
            {
                return isGone ? Errno.ESTALE : error;
            }
        }
    }

    private static FuseStatX Convert(
        OperationWorker worker, Inode inode, in StatxBuffer status, in LowerAddress address)
    {
        FuseAttr attributes = AttributeReply.Attributes(worker, inode, in status, in address);
        return new FuseStatX
        {
            Mask = status.Mask,
            Blksize = status.BlockSize,
            Nlink = status.LinkCount,
            Uid = status.UserId,
            Gid = status.GroupId,
            Mode = status.Mode,
            Ino = status.Inode,
            Size = attributes.Size,
            Blocks = attributes.Blocks,
            Atime = Convert(status.AccessTime),
            Btime = Convert(status.BirthTime),
            Ctime = Convert(status.ChangeTime),
            Mtime = Convert(status.ModifyTime),
            RdevMajor = status.RawDeviceMajor,
            RdevMinor = status.RawDeviceMinor,
            DevMajor = status.DeviceMajor,
            DevMinor = status.DeviceMinor,
        };
    }

    private static FuseStatXTime Convert(StatxTimestamp time) =>
        new() { Seconds = time.Seconds, Nanoseconds = time.Nanoseconds };
}
