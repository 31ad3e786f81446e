using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>SETXATTR, GETXATTR, LISTXATTR, REMOVEXATTR: <c>user.</c> encrypted, everything else as it is below.</summary>
internal static class Xattrs
{
    private const int UsualValueSize = 4096;

    /// <summary>SETXATTR.</summary>
    internal static void SetXAttr(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseSetXAttrIn set = reader.Read<FuseSetXAttrIn>();
        ReadOnlySpan<byte> upper = reader.ReadString();
        ReadOnlySpan<byte> value = reader.ReadBytes(set.Size);
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = Begin(
            worker, in request, upper, toChange: true, out Inode inode, out LowerAddress address, out XattrName name);
        if (error == Errno.None)
        {
            using (address)
            {
                inode.HasNoCapabilities &= !IsCapability(upper);
                error = inode.IsForeign ? Errno.EPERM
                    : LegacyEntries.IsReadOnly(worker, inode) ? Errno.EROFS
                    : Write(worker, in address, upper, in name, value, set.Flags);
                if (error == Errno.None && set.SetXAttrFlags.HasFlag(SetXAttrFlags.AclKillSgid))
                {
                    error = DropSetGroupId(in address);
                }
            }
        }

        reply.Result(error);
    }

    /// <summary>GETXATTR.</summary>
    internal static void GetXAttr(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseGetXAttrIn get = reader.Read<FuseGetXAttrIn>();
        ReadOnlySpan<byte> upper = reader.ReadString();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        if (IsCapability(upper) && worker.Filesystem.Inodes.Find(request.Header.NodeId) is { HasNoCapabilities: true })
        {
            reply.Fail(Errno.ENODATA);
            return;
        }

        Errno error = Begin(
            worker, in request, upper, toChange: false, out _, out LowerAddress address, out XattrName name);
        if (error == Errno.None)
        {
            using (address)
            {
                error = Read(worker, in address, upper, in name, get.Size, reply.Payload, out int length);
                if (error == Errno.ENODATA && LegacyXattrs.Applies(worker, upper))
                {
                    int size = (int)Math.Min(get.Size, (uint)reply.Payload.Length);
                    error = Libc.GetXattr(address.Directory, address.Name, upper, reply.Payload[..size], out length);
                }

                if (error == Errno.None)
                {
                    Answer(ref reply, get.Size, length);
                    return;
                }
            }
        }

        reply.Fail(error);
    }

    /// <summary>LISTXATTR.</summary>
    internal static void ListXAttr(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseGetXAttrIn get = reader.Read<FuseGetXAttrIn>();
        Errno error = worker.Find(request.Header.NodeId, out Inode inode);
        if (error == Errno.None)
        {
            error = worker.Locate(inode, out LowerAddress address);
            if (error == Errno.None)
            {
                using (address)
                {
                    error = List(worker, inode, in address, reply.Payload, out int length);
                    if (error == Errno.None)
                    {
                        Answer(ref reply, get.Size, length);
                        return;
                    }
                }
            }
        }

        reply.Fail(error);
    }

    /// <summary>REMOVEXATTR.</summary>
    internal static void RemoveXAttr(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        ReadOnlySpan<byte> upper = reader.ReadString();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = Begin(
            worker, in request, upper, toChange: true, out Inode inode, out LowerAddress address, out XattrName name);
        if (error == Errno.None)
        {
            using (address)
            {
                error = inode.IsForeign ? Errno.EPERM
                    : LegacyEntries.IsReadOnly(worker, inode) ? Errno.EROFS
                    : Remove(worker, in address, upper, in name);
            }
        }

        reply.Result(error);
    }

    /// <summary>
    /// Whether it is a name of the lower filesystem's own access control: NFSv4's, CIFS's. The VFS leaves <c>system.</c> names
    /// to the filesystem to guard, and below it is the mount that asks, not the program. POSIX ACLs the kernel guards itself.
    /// </summary>
    private static bool IsLowerAcl(ReadOnlySpan<byte> upper) =>
        upper.StartsWith("system."u8) && !upper.StartsWith("system.posix_acl_"u8);

    private static bool IsCapability(ReadOnlySpan<byte> upper) => upper.SequenceEqual("security.capability"u8);

    private static Errno Begin(
        OperationWorker worker,
        in FuseRequest request,
        ReadOnlySpan<byte> upper,
        bool toChange,
        out Inode inode,
        out LowerAddress address,
        out XattrName name)
    {
        address = default;
        name = default;
        Errno error = worker.Find(request.Header.NodeId, out inode);
        if (error != Errno.None)
        {
            return error;
        }

        if (IsLowerAcl(upper))
        {
            return Errno.EOPNOTSUPP;
        }

        XattrStatus status = worker.Attributes.EncodeName(upper, worker.FirstName, out int length);
        name = new XattrName(worker.FirstName.AsSpan(0, length), status != XattrStatus.PassThrough);
        error = NameErrno.From(status);
        return error != Errno.None ? error
            : toChange ? worker.LocateToChange(inode, out address)
            : worker.Locate(inode, out address);
    }

    private static Errno Write(
        OperationWorker worker,
        in LowerAddress address,
        ReadOnlySpan<byte> upper,
        in XattrName name,
        ReadOnlySpan<byte> value,
        uint flags)
    {
        if (!name.IsEncrypted)
        {
            return Libc.SetXattr(address.Directory, address.Name, name.Lower, value, (int)flags);
        }

        int size = value.Length + ExtendedAttributes.Overhead(upper);
        if (size > ExtendedAttributes.MaxLowerValueLength)
        {
            return Errno.E2BIG;
        }

        bool hasPlain = LegacyXattrs.IsThere(worker, in address, upper);
        Errno error = hasPlain ? LegacyXattrs.Flags(ref flags) : Errno.None;
        if (error != Errno.None)
        {
            return error;
        }

        Span<byte> lower = worker.ValueBuffer(size);
        error = NameErrno.From(worker.Attributes.EncodeValue(upper, value, lower, out int length));
        error = error == Errno.None
            ? Libc.SetXattr(address.Directory, address.Name, name.Lower, lower[..length], (int)flags)
            : error;
        return error == Errno.None && hasPlain
            ? Libc.RemoveXattr(address.Directory, address.Name, upper)
            : error;
    }

    private static Errno Remove(
        OperationWorker worker, in LowerAddress address, ReadOnlySpan<byte> upper, in XattrName name)
    {
        if (!LegacyXattrs.IsThere(worker, in address, upper))
        {
            return Libc.RemoveXattr(address.Directory, address.Name, name.Lower);
        }

        // The one that is hidden first: the other way round it would come back.
        Errno plain = Libc.RemoveXattr(address.Directory, address.Name, upper);
        Errno error = plain == Errno.None ? Libc.RemoveXattr(address.Directory, address.Name, name.Lower) : plain;
        return error == Errno.ENODATA ? Errno.None : error;
    }

    private static Errno Read(
        OperationWorker worker,
        in LowerAddress address,
        ReadOnlySpan<byte> upper,
        in XattrName name,
        uint room,
        Span<byte> value,
        out int length)
    {
        if (!name.IsEncrypted)
        {
            // Just the room the caller has: the kernel allocates as much each time, and asks often (ACLs, capabilities).
            int size = (int)Math.Min(room, (uint)value.Length);
            return Libc.GetXattr(address.Directory, address.Name, name.Lower, value[..size], out length);
        }

        Span<byte> lower = worker.ValueBuffer(UsualValueSize);
        Errno error = Libc.GetXattr(address.Directory, address.Name, name.Lower, lower, out length);
        if (error == Errno.ERANGE)
        {
            lower = worker.ValueBuffer(ExtendedAttributes.MaxLowerValueLength);
            error = Libc.GetXattr(address.Directory, address.Name, name.Lower, lower, out length);
        }

        return error == Errno.None
            ? NameErrno.From(worker.Attributes.DecodeValue(upper, lower[..length], value, out length))
            : error;
    }

    private static Errno List(
        OperationWorker worker, Inode inode, in LowerAddress address, Span<byte> list, out int length)
    {
        length = 0;
        Span<byte> lower = worker.ValueBuffer(ExtendedAttributes.MaxLowerValueLength);
        Errno error = Libc.ListXattr(address.Directory, address.Name, lower, out int count);
        if (error != Errno.None)
        {
            return error;
        }

        ReadOnlySpan<byte> rest = lower[..count];
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            ReadOnlySpan<byte> name = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            XattrStatus status = worker.Attributes.DecodeName(name, worker.UpperName, out int size);
            if (status == XattrStatus.Long)
            {
                status = DecodeLong(worker, in address, name, out size);
            }

            if (status == XattrStatus.Hidden && LegacyXattrs.IsShown(worker, in address, name))
            {
                name.CopyTo(list[length..]);
                list[length + name.Length] = 0;
                length += name.Length + 1;
                continue;
            }

            bool isShown = (status == XattrStatus.PassThrough && !IsLowerAcl(name))
                || (status == XattrStatus.Ok && !inode.IsForeign);
            if (isShown)
            {
                // An upper name is never longer than the lower one, and the payload holds any lower list.
                worker.UpperName.AsSpan(0, size).CopyTo(list[length..]);
                list[length + size] = 0;
                length += size + 1;
            }
        }

        return Errno.None;
    }

    private static XattrStatus DecodeLong(
        OperationWorker worker, in LowerAddress address, ReadOnlySpan<byte> name, out int size)
    {
        size = 0;
        Errno error = Libc.GetXattr(
            address.Directory, address.Name, name, worker.OtherText, out int length);
        if (error == Errno.ERANGE)
        {
            byte[] whole = new byte[ExtendedAttributes.MaxLowerValueLength];
            error = Libc.GetXattr(address.Directory, address.Name, name, whole, out length);
            return error == Errno.None
                ? worker.Attributes.DecodeLongName(name, whole.AsSpan(0, length), worker.UpperName, out size)
                : XattrStatus.Hidden;
        }

        return error == Errno.None
            ? worker.Attributes.DecodeLongName(name, worker.OtherText.AsSpan(0, length), worker.UpperName, out size)
            : XattrStatus.Hidden;
    }

    /// <summary>
    /// An access ACL was set by somebody outside the group: the lower filesystem saw our privilege and kept the bit.
    /// </summary>
    private static Errno DropSetGroupId(in LowerAddress address)
    {
        Errno error = Libc.Statx(address.Directory, address.Name, out StatxBuffer status);
        return error == Errno.None && (status.Mode & ModeBits.SetGroupId) != 0
            ? Libc.ChangeMode(
                address.Directory, address.Name, status.Mode & ModeBits.PermissionMask & ~ModeBits.SetGroupId)
            : error;
    }

    private static void Answer(ref ReplyWriter reply, uint room, int length)
    {
        if (room == 0)
        {
            FuseGetXAttrOut size = new() { Size = (uint)length };
            reply.Struct(in size);
        }
        else if (length > room)
        {
            reply.Fail(Errno.ERANGE);
        }
        else
        {
            reply.Complete(length);
        }
    }

    private readonly ref struct XattrName
    {
        internal XattrName(ReadOnlySpan<byte> lower, bool isEncrypted)
        {
            Lower = lower;
            IsEncrypted = isEncrypted;
        }

        internal ReadOnlySpan<byte> Lower { get; }

        internal bool IsEncrypted { get; }
    }
}
