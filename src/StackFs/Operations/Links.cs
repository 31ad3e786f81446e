using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>LINK and READLINK.</summary>
internal static class Links
{
    /// <summary>LINK: another name for an inode, also for one that has none yet (O_TMPFILE).</summary>
    internal static void Link(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseLinkIn link = reader.Read<FuseLinkIn>();
        ReadOnlySpan<byte> upper = reader.ReadName();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = worker.Find(link.OldNodeId, out Inode inode);
        if (error == Errno.None && inode.IsForeign)
        {
            error = Errno.EPERM;
        }

        if (error == Errno.None)
        {
            error = Creations.Begin(
                worker, in request, upper, out Inode parent, out LowerAddress directory, out EntryName name);
            if (error == Errno.None)
            {
                using (directory)
                {
                    error = Link(worker, in request.Header, inode, in directory, in name, out StatxBuffer status);
                    if (error == Errno.None)
                    {
                        FuseEntryOut entry =
                            Lookups.Remember(worker, parent, in directory, name.Lower, LowerNameKind.Name, in status);
                        reply.Struct(in entry);
                        return;
                    }
                }
            }
        }

        reply.Fail(error);
    }

    /// <summary>READLINK.</summary>
    internal static void ReadLink(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        Errno error = worker.Find(request.Header.NodeId, out Inode inode);
        if (error == Errno.None && inode.IsForeign)
        {
            error = Errno.EPERM;
        }

        if (error == Errno.None)
        {
            error = worker.Locate(inode, out LowerAddress address);
            if (error == Errno.None)
            {
                using (address)
                {
                    error = ReadTarget(worker, in address, reply.Payload, out int length);
                    if (error == Errno.None)
                    {
                        reply.Complete(length);
                        return;
                    }
                }
            }
        }

        reply.Fail(error);
    }

    private static Errno Link(
        OperationWorker worker,
        in FuseInHeader caller,
        Inode inode,
        in LowerAddress directory,
        in EntryName name,
        out StatxBuffer status)
    {
        status = default;
        LowerAddress source;
        Errno error = inode.Locations is null
            ? worker.Locate(inode, out source)
            : worker.Filesystem.Tree.Locate(inode, out source);
        if (error != Errno.None)
        {
            return error;
        }

        using (source)
        {
            bool isLink = ModeBits.IsSymbolicLink(inode.Type) && !source.IsSelf;
            if (name.IsLong || isLink)
            {
                using CallerIdentity.Scope scope = worker.Caller.Enter(in caller, 0);
                error = Companions.WriteName(worker, in directory, in name);
                if (error == Errno.None && isLink)
                {
                    error = BringTarget(worker, in source, in directory);
                }
            }

            if (error == Errno.None)
            {
                error = source.IsSelf
                    ? Libc.LinkDescriptor(source.Directory, directory.Directory, name.Lower)
                    : Libc.Link(source.Directory, source.Name, directory.Directory, name.Lower);
            }

            if (error != Errno.None)
            {
                Creations.DropCompanion(worker, in directory, in name, error);
                return error;
            }
        }

        Companions.Confirm(worker, in directory, in name);
        return Libc.Statx(directory.Directory, name.Lower, out status);
    }

    /// <summary>A link with a long target finds it in its own directory; puts it there before the link.</summary>
    internal static Errno BringTarget(OperationWorker worker, in LowerAddress source, in LowerAddress directory)
    {
        Span<byte> buffer = stackalloc byte[LowerNames.TargetLength + 1];
        ReadOnlySpan<byte> companion = TargetCompanions.Of(in source, source.Name, buffer);
        return companion.IsEmpty ? Errno.None : TargetCompanions.Copy(worker, in source, in directory, companion);
    }

    /// <summary>The upper target of a symbolic link.</summary>
    /// <param name="worker">The calling worker; its text buffers are used.</param>
    /// <param name="address">The lower link.</param>
    /// <param name="target">At least <see cref="SymlinkTargets.MaxLength"/> bytes; may be the worker's LowerText.</param>
    /// <param name="length">Bytes written.</param>
    internal static Errno ReadTarget(
        OperationWorker worker, in LowerAddress address, Span<byte> target, out int length)
    {
        length = 0;
        Span<byte> lower = worker.OtherText;
        Errno error = Libc.ReadLink(address.Directory, address.Name, lower, out int count);
        if (error != Errno.None)
        {
            return error;
        }

        TargetStatus status = worker.Targets.Decode(lower[..count], target, out length);
        if (status == TargetStatus.Companion)
        {
            if (address.IsSelf)
            {
                // Its directory, and the side file in it, are not known any more.
                return Errno.EIO;
            }

            error = Companions.Read(in address, lower[..count], worker.LowerText, out int size);
            if (error != Errno.None)
            {
                return error == Errno.ENOENT ? Errno.EIO : error;
            }

            status = worker.Targets.DecodeCompanion(
                lower[..count], worker.LowerText.AsSpan(0, size), target, out length);
        }

        if (status == TargetStatus.AuthenticationFailed && worker.Legacy is { } legacy)
        {
            status = legacy.Targets.Decode(lower[..count], target, out length);
        }

        return NameErrno.From(status);
    }
}
