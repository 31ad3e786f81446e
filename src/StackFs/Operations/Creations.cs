using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>MKNOD, MKDIR, SYMLINK: new entries that need no content.</summary>
internal static class Creations
{
    /// <summary>MKNOD: FIFOs, sockets, device nodes, and regular files, which begin without a header.</summary>
    internal static void MkNod(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseMkNodIn node = reader.Read<FuseMkNodIn>();
        ReadOnlySpan<byte> upper = reader.ReadName();
        NewEntry entry = new() { Mode = node.Mode, Umask = node.Umask, Device = node.Rdev };
        Make(worker, in request, in reader, upper, in entry, ref reply);
    }

    /// <summary>MKDIR.</summary>
    internal static void MkDir(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseMkDirIn made = reader.Read<FuseMkDirIn>();
        ReadOnlySpan<byte> upper = reader.ReadName();
        NewEntry entry = new() { Mode = made.Mode | ModeBits.Directory, Umask = made.Umask };
        Make(worker, in request, in reader, upper, in entry, ref reply);
    }

    /// <summary>SYMLINK: its name, then its target.</summary>
    internal static void Symlink(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        ReadOnlySpan<byte> upper = reader.ReadName();
        NewEntry entry = new() { Mode = ModeBits.SymbolicLink, Target = reader.ReadString() };
        Make(worker, in request, in reader, upper, in entry, ref reply);
    }

    private static void Make(
        OperationWorker worker,
        in FuseRequest request,
        in RequestReader reader,
        ReadOnlySpan<byte> upper,
        in NewEntry made,
        ref ReplyWriter reply)
    {
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = Begin(worker, in request, upper, out Inode parent, out LowerAddress directory, out EntryName name);
        if (error == Errno.None)
        {
            using (directory)
            {
                using (CallerIdentity.Scope caller = worker.Caller.Enter(in request.Header, made.Umask))
                {
                    error = Companions.WriteName(worker, in directory, in name);
                    if (error == Errno.None)
                    {
                        error = MakeLower(worker, in directory, name.Lower, in made, caller.Mode(made.Mode));
                    }
                }

                error = Finish(worker, parent, in directory, in name, error, out FuseEntryOut entry);
                if (error == Errno.None)
                {
                    reply.Struct(in entry);
                    return;
                }
            }
        }

        reply.Fail(error);
    }

    private static Errno MakeLower(
        OperationWorker worker, in LowerAddress directory, ReadOnlySpan<byte> lower, in NewEntry made, uint mode)
    {
        if (ModeBits.IsDirectory(made.Mode))
        {
            return Libc.MakeDirectory(directory.Directory, lower, mode & ModeBits.PermissionMask);
        }

        return ModeBits.IsSymbolicLink(made.Mode)
            ? MakeLink(worker, in directory, lower, made.Target)
            : Libc.MakeNode(directory.Directory, lower, mode, made.Device);
    }

    /// <summary>Finds the directory of a new entry and encodes its name; on success the caller disposes the directory.</summary>
    internal static Errno Begin(
        OperationWorker worker,
        in FuseRequest request,
        ReadOnlySpan<byte> upper,
        out Inode parent,
        out LowerAddress directory,
        out EntryName name)
    {
        name = default;
        Errno error = worker.FindDirectory(request.Header.NodeId, out parent, out directory);
        if (error == Errno.None)
        {
            error = worker.Encode(parent, upper, worker.FirstName, out name);
            if (error != Errno.None)
            {
                directory.Dispose();
                directory = default;
            }
        }

        return error;
    }

    /// <summary>The entry just made, or takes back its companion when it was not.</summary>
    private static Errno Finish(
        OperationWorker worker,
        Inode parent,
        in LowerAddress directory,
        in EntryName name,
        Errno error,
        out FuseEntryOut entry)
    {
        entry = default;
        if (error != Errno.None)
        {
            DropCompanion(worker, in directory, in name, error);
            return error;
        }

        Companions.Confirm(worker, in directory, in name);
        error = Libc.Statx(directory.Directory, name.Lower, out StatxBuffer status);
        if (error == Errno.None)
        {
            entry = Lookups.Remember(worker, parent, in directory, name.Lower, LowerNameKind.Name, in status);
            if (ModeBits.IsDirectory(status.Mode) && !worker.Filesystem.IsShared
                && worker.Filesystem.Inodes.Find(entry.NodeId) is { } made)
            {
                made.HasNoForeign = true;
            }
        }

        return error;
    }

    /// <summary>Takes back a companion written for an entry that was not made; one that exists already keeps its own.</summary>
    internal static void DropCompanion(
        OperationWorker worker, in LowerAddress directory, in EntryName name, Errno error)
    {
        // EMFILE, EINTR and the like come before the lower filesystem has looked whether there is one.
        if (error != Errno.EEXIST && name.IsLong
            && Libc.Statx(directory.Directory, name.Lower, out _) == Errno.ENOENT)
        {
            Companions.RemoveName(worker, in directory, in name);
        }
    }

    /// <summary>Makes a lower symlink for an upper target, with its companion where it needs one.</summary>
    internal static Errno MakeLink(
        OperationWorker worker, in LowerAddress directory, ReadOnlySpan<byte> lower, ReadOnlySpan<byte> target)
    {
        Span<byte> text = worker.OtherText;
        TargetStatus status = worker.Targets.Encode(target, text, out int length);
        Errno error = NameErrno.From(status);
        if (error != Errno.None)
        {
            return error;
        }

        if (status == TargetStatus.Companion)
        {
            Span<byte> companion = stackalloc byte[LowerNames.TargetLength + 1];
            text[..length].CopyTo(companion);
            companion[length] = 0;
            int size = worker.Targets.EncodeCompanion(target, worker.LowerText);
            error = Companions.Write(worker, in directory, companion[..length], worker.LowerText.AsSpan(0, size));
            return error == Errno.None ? Libc.Symlink(companion, directory.Directory, lower) : error;
        }

        text[length] = 0;
        return Libc.Symlink(text[..(length + 1)], directory.Directory, lower);
    }

    /// <summary>What is to be made.</summary>
    private readonly ref struct NewEntry
    {
        /// <summary>Type and permissions, before the caller's umask.</summary>
        internal required uint Mode { get; init; }

        internal uint Umask { get; init; }

        internal uint Device { get; init; }

        /// <summary>Of a symbolic link.</summary>
        internal ReadOnlySpan<byte> Target { get; init; }
    }
}
