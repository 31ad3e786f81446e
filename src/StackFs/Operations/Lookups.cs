using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>LOOKUP, FORGET, BATCH_FORGET: how the kernel comes by inodes and gives them back.</summary>
internal static class Lookups
{
    /// <summary>LOOKUP: one statx of the lower name; a second one only where the name may be a foreign one.</summary>
    internal static void Lookup(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        ReadOnlySpan<byte> upper = reader.ReadName();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = worker.FindDirectory(request.Header.NodeId, out Inode parent, out LowerAddress directory);
        if (error != Errno.None)
        {
            reply.Fail(error);
            return;
        }

        using (directory)
        {
            error = worker.Encode(parent, upper, worker.FirstName, out EntryName name);
            if (error == Errno.EPERM)
            {
                // A name that StackFs keeps for itself is not to be seen.
                error = Errno.ENOENT;
            }

            if (error == Errno.None)
            {
                error = Find(worker, parent, in directory, in name, out FuseEntryOut entry);
                if (error == Errno.None)
                {
                    reply.Struct(in entry);
                    return;
                }
            }

            if (error == Errno.ENOENT && worker.Filesystem.Lifetimes.Negatives > 0)
            {
                FuseEntryOut none = AttributeReply.NoEntry(worker);
                reply.Struct(in none);
                return;
            }

            reply.Fail(error);
        }
    }

    /// <summary>The entry of a name that is there, with a lookup counted for it.</summary>
    internal static Errno Find(
        OperationWorker worker, Inode parent, in LowerAddress directory, in EntryName name, out FuseEntryOut entry)
    {
        ReadOnlySpan<byte> lower = name.Lower;
        LowerNameKind kind = LowerNameKind.Name;
        Errno error = Libc.Statx(directory.Directory, lower, out StatxBuffer status);
        if (error == Errno.ENOENT && worker.Legacy is not null)
        {
            kind = LowerNameKind.Legacy;
            error = LegacyEntries.Find(
                worker, parent, in directory, name.Upper, worker.FirstLegacyName, out lower, out status);
        }

        if (error == Errno.ENOENT && IsForeign(worker, parent, name.Upper))
        {
            kind = LowerNameKind.Foreign;
            lower = name.Upper;
            error = Libc.Statx(directory.Directory, lower, out status);
        }

        entry = error == Errno.None
            ? Remember(worker, parent, in directory, lower, kind, in status)
            : default;
        return error;
    }

    /// <summary>Counts a lookup of a lower file just seen or made, and describes it to the kernel.</summary>
    internal static FuseEntryOut Remember(
        OperationWorker worker,
        Inode parent,
        in LowerAddress directory,
        ReadOnlySpan<byte> lower,
        LowerNameKind kind,
        in StatxBuffer status)
    {
        Inode inode = worker.Filesystem.Inodes.Remember(
            LowerId.Of(in status), status.Mode, parent, lower, status.Birth);
        inode.IsForeign |= kind == LowerNameKind.Foreign;
        inode.IsLegacy |= kind == LowerNameKind.Legacy;

        return AttributeReply.Entry(worker, inode, in status, directory.With(lower));
    }

    /// <summary>True for an upper name that would be shown as it is, if it stood in the lower directory.</summary>
    internal static bool IsForeign(OperationWorker worker, Inode parent, ReadOnlySpan<byte> upper) =>
        !parent.HasNoForeign
        && LegacyEntries.Classify(worker, upper, parent.Id == NodeId.Root, out _) == LowerNameKind.Foreign;

    /// <summary>FORGET.</summary>
    internal static void Forget(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseForgetIn forget = reader.Read<FuseForgetIn>();
        if (!reader.Failed)
        {
            worker.Filesystem.Inodes.Forget(request.Header.NodeId, forget.NLookup);
        }

        reply.None();
    }

    /// <summary>BATCH_FORGET.</summary>
    internal static void BatchForget(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseBatchForgetIn batch = reader.Read<FuseBatchForgetIn>();
        for (uint i = 0; i < batch.Count && !reader.Failed; i++)
        {
            FuseForgetOne one = reader.Read<FuseForgetOne>();
            if (!reader.Failed)
            {
                worker.Filesystem.Inodes.Forget(one.NodeId, one.NLookup);
            }
        }

        reply.None();
    }
}
