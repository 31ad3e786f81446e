using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>RENAME and RENAME2, with NOREPLACE, EXCHANGE and, where the lower filesystem has it, WHITEOUT.</summary>
internal static class Renames
{
    private const uint Known = RenameFlags.NoReplace | RenameFlags.Exchange | RenameFlags.Whiteout;

    /// <summary>RENAME.</summary>
    internal static void Rename(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseRenameIn rename = reader.Read<FuseRenameIn>();
        Handle(worker, in request, ref reader, rename.NewDir, 0, ref reply);
    }

    /// <summary>RENAME2.</summary>
    internal static void Rename2(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseRename2In rename = reader.Read<FuseRename2In>();
        Handle(worker, in request, ref reader, rename.NewDir, rename.Flags, ref reply);
    }

    private static void Handle(
        OperationWorker worker,
        in FuseRequest request,
        ref RequestReader reader,
        NodeId newDirectory,
        uint flags,
        ref ReplyWriter reply)
    {
        ReadOnlySpan<byte> oldUpper = reader.ReadName();
        ReadOnlySpan<byte> newUpper = reader.ReadName();
        if (reader.Failed || (flags & ~Known) != 0)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = Creations.Begin(
            worker, in request, oldUpper, out Inode oldParent, out LowerAddress from, out EntryName oldName);
        if (error == Errno.None)
        {
            using (from)
            {
                error = worker.FindDirectory(newDirectory, out Inode newParent, out LowerAddress to);
                if (error == Errno.None)
                {
                    using (to)
                    {
                        error = worker.Encode(newParent, newUpper, worker.SecondName, out EntryName newName);
                        if (error == Errno.None)
                        {
                            LegacyRenames.Sides sides = new(oldParent, newParent, in from, in to, flags);
                            error = LegacyRenames.Prepare(
                                worker, in sides, in oldName, in newName, out LegacyRenames.Plan plan);
                            if (error == Errno.None && !plan.LeavesBoth)
                            {
                                EntryName old = plan.Old(worker, in oldName);
                                EntryName fresh = plan.New(worker, in newName);
                                Move move = new(oldParent, newParent, in from, in to, in old, in fresh, flags);
                                error = Apply(worker, in request.Header, in move);
                                error = error == Errno.None && plan.ReplacesFile
                                    ? LegacyRenames.Finish(worker, in sides, in newName)
                                    : error;
                            }

                            if (error == Errno.ENOENT && Lookups.IsForeign(worker, oldParent, oldUpper)
                                && Libc.Statx(from.Directory, oldUpper, out _) == Errno.None)
                            {
                                error = Errno.EPERM;
                            }
                        }
                    }
                }
            }
        }

        reply.Result(error);
    }

    private static Errno Apply(OperationWorker worker, in FuseInHeader caller, in Move move)
    {
        InodeTable inodes = worker.Filesystem.Inodes;
        Inode? source = inodes.FindByName(move.OldParent, move.OldName.Lower);
        Inode? replaced = inodes.FindByName(move.NewParent, move.NewName.Lower);
        if (source is not null && ReferenceEquals(source, replaced))
        {
            if (Libc.Statx(move.To.Directory, move.NewName.Lower, out StatxBuffer status) == Errno.None
                && LowerId.Of(in status) == source.Lower)
            {
                // Two names of one file: rename(2) leaves both.
                return Errno.None;
            }

            // It had that name once.
            inodes.RemoveName(move.NewParent, move.NewName.Lower);
            replaced = inodes.FindByName(move.NewParent, move.NewName.Lower);
        }

        Span<byte> oldBuffer = stackalloc byte[LowerNames.TargetLength + 1];
        Span<byte> newBuffer = stackalloc byte[LowerNames.TargetLength + 1];
        ReadOnlySpan<byte> oldTarget = IsLink(source) ? TargetCompanions.Of(in move.From, move.OldName.Lower, oldBuffer) : default;
        ReadOnlySpan<byte> newTarget = IsLink(replaced) ? TargetCompanions.Of(in move.To, move.NewName.Lower, newBuffer) : default;
        Errno error = BringSideFiles(worker, in caller, in move, oldTarget, newTarget);
        if (error != Errno.None)
        {
            return error;
        }

        using NameChanges.Mark.Scope change = worker.NameChange.Begin();
        SafeFd? retained = move.Exchanges ? null : Removals.Retain(replaced, in move.To, move.NewName.Lower);
        error = RenameLower(worker, in move);
        if (error != Errno.None)
        {
            retained?.Dispose();
            if (replaced is null && !move.Exchanges)
            {
                Creations.DropCompanion(worker, in move.To, in move.NewName, error);
            }

            return error;
        }

        Companions.Confirm(worker, in move.To, in move.NewName);
        Removals.Forget(worker, replaced, move.NewParent, move.NewName.Lower, retained);
        inodes.RemoveName(move.OldParent, move.OldName.Lower);
        if (source is not null)
        {
            inodes.AddName(source, move.NewParent, move.NewName.Lower);
        }

        if (move.Exchanges && replaced is not null)
        {
            inodes.AddName(replaced, move.OldParent, move.OldName.Lower);
        }

        RemoveSideFiles(worker, in move, oldTarget, newTarget);
        return Errno.None;
    }

    /// <summary>The kernel has looked up what it renames and replaces: what is not known is not there.</summary>
    private static bool IsLink(Inode? inode) => inode is not null && ModeBits.IsSymbolicLink(inode.Type);

    /// <summary>What the entries will need where they are going, before they go.</summary>
    private static Errno BringSideFiles(
        OperationWorker worker,
        in FuseInHeader caller,
        in Move move,
        ReadOnlySpan<byte> oldTarget,
        ReadOnlySpan<byte> newTarget)
    {
        if (!move.NewName.IsLong && oldTarget.IsEmpty && newTarget.IsEmpty)
        {
            return Errno.None;
        }

        using CallerIdentity.Scope scope = worker.Caller.Enter(in caller, 0);
        Errno error = move.Exchanges ? Errno.None : Companions.WriteName(worker, in move.To, in move.NewName);
        if (error == Errno.None && !move.IsWithinOneDirectory && !oldTarget.IsEmpty)
        {
            error = TargetCompanions.Copy(worker, in move.From, in move.To, oldTarget);
        }

        if (error == Errno.None && !move.IsWithinOneDirectory && move.Exchanges && !newTarget.IsEmpty)
        {
            error = TargetCompanions.Copy(worker, in move.To, in move.From, newTarget);
        }

        return error;
    }

    private static Errno RenameLower(OperationWorker worker, in Move move)
    {
        Errno error = Libc.Rename(
            move.From.Directory, move.OldName.Lower, move.To.Directory, move.NewName.Lower, move.Flags);
        bool replacesDirectory = error is Errno.ENOTEMPTY or Errno.EEXIST
            && (move.Flags & (RenameFlags.NoReplace | RenameFlags.Exchange)) == 0;
        if (replacesDirectory && Companions.Clear(worker, move.To.Directory, move.NewName.Lower) == Errno.None)
        {
            error = Libc.Rename(
                move.From.Directory, move.OldName.Lower, move.To.Directory, move.NewName.Lower, move.Flags);
        }

        return error;
    }

    /// <summary>What nothing needs any more where it was.</summary>
    private static void RemoveSideFiles(
        OperationWorker worker, in Move move, ReadOnlySpan<byte> oldTarget, ReadOnlySpan<byte> newTarget)
    {
        if ((move.Flags & (RenameFlags.Exchange | RenameFlags.Whiteout)) == 0)
        {
            Companions.RemoveName(worker, in move.From, in move.OldName);
        }

        if (!oldTarget.IsEmpty && !move.IsWithinOneDirectory)
        {
            TargetCompanions.RemoveUnused(worker, in move.From, oldTarget);
        }

        if (!newTarget.IsEmpty && !(move.Exchanges && move.IsWithinOneDirectory))
        {
            TargetCompanions.RemoveUnused(worker, in move.To, newTarget);
        }
    }

    /// <summary>One rename, taken apart.</summary>
    private readonly ref struct Move
    {
        internal Move(
            Inode oldParent,
            Inode newParent,
            in LowerAddress from,
            in LowerAddress to,
            in EntryName oldName,
            in EntryName newName,
            uint flags)
        {
            OldParent = oldParent;
            NewParent = newParent;
            From = from;
            To = to;
            OldName = oldName;
            NewName = newName;
            Flags = flags;
        }

        internal readonly Inode OldParent;
        internal readonly Inode NewParent;
        internal readonly LowerAddress From;
        internal readonly LowerAddress To;
        internal readonly EntryName OldName;
        internal readonly EntryName NewName;
        internal readonly uint Flags;

        internal bool Exchanges => (Flags & RenameFlags.Exchange) != 0;

        internal bool IsWithinOneDirectory => ReferenceEquals(OldParent, NewParent);
    }
}
