using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Operations;

/// <summary>
/// What a rename has to do about eCryptfs entries beside native ones: the entry that moves is found in either form and gets
/// a native name, atomically; one that is replaced goes after the new one hides it.
/// </summary>
internal static class LegacyRenames
{
    /// <summary>Finds the form of both names, and refuses what may not be.</summary>
    /// <param name="worker">The calling worker.</param>
    /// <param name="rename">The two directories and the flags.</param>
    /// <param name="oldName">The native form of the name that the entry has.</param>
    /// <param name="newName">The native form of the one that it gets.</param>
    /// <param name="plan">What to do.</param>
    /// <returns>EROFS, EEXIST, ENOTEMPTY and what looking and removing answer.</returns>
    internal static Errno Prepare(
        OperationWorker worker, in Sides rename, in EntryName oldName, in EntryName newName, out Plan plan)
    {
        plan = default;
        if (worker.Legacy is null)
        {
            return Errno.None;
        }

        Errno error = LegacyEntries.Resolve(
            worker, rename.OldParent, in rename.From, in oldName, worker.FirstLegacyName, out plan.OldLength);
        if (error == Errno.None && plan.OldLength == 0)
        {
            // One that the native entry has hidden would be seen when that has gone.
            error = RemoveHidden(worker, rename.OldParent, in rename.From, in oldName);
        }

        if (error != Errno.None)
        {
            return error;
        }

        if ((rename.Flags & RenameFlags.Exchange) != 0)
        {
            return LegacyEntries.Resolve(
                worker, rename.NewParent, in rename.To, in newName, worker.SecondLegacyName, out plan.NewLength);
        }

        error = LegacyEntries.Find(
            worker, rename.NewParent, in rename.To, newName.Upper, worker.SecondLegacyName, out ReadOnlySpan<byte> lower, out StatxBuffer there);
        if (error != Errno.None)
        {
            return error == Errno.ENOENT ? Errno.None : error;
        }

        if (worker.Filesystem.Format.OnlyReadsLegacy)
        {
            return Errno.EROFS;
        }

        if ((rename.Flags & RenameFlags.NoReplace) != 0)
        {
            return Errno.EEXIST;
        }

        ReadOnlySpan<byte> old = plan.Old(worker, in oldName).Lower;
        error = Libc.Statx(rename.From.Directory, old, out StatxBuffer moved);
        if (error == Errno.None && LowerId.Of(in moved) == LowerId.Of(in there))
        {
            // Two names of one file: rename(2) leaves both.
            plan.LeavesBoth = true;
            return Errno.None;
        }

        if (error == Errno.None && ModeBits.IsDirectory(there.Mode))
        {
            return Removals.RmDir(worker, rename.NewParent, in rename.To, new EntryName(newName.Upper, lower, isLong: false));
        }

        plan.ReplacesFile = true;
        return error;
    }

    /// <summary>Removes the eCryptfs entry that the one just renamed has taken the name of, and hides.</summary>
    internal static Errno Finish(OperationWorker worker, in Sides rename, in EntryName newName) =>
        Removals.RemoveLegacy(worker, rename.NewParent, in rename.To, newName.Upper, isDirectory: false, out _);

    private static Errno RemoveHidden(OperationWorker worker, Inode parent, in LowerAddress directory, in EntryName name)
    {
        Errno error = LegacyEntries.Find(
            worker, parent, in directory, name.Upper, worker.FirstLegacyName, out _, out StatxBuffer hidden);
        return error == Errno.None
            ? Removals.RemoveLegacy(worker, parent, in directory, name.Upper, ModeBits.IsDirectory(hidden.Mode), out _)
            : Errno.None;
    }

    /// <summary>What a rename comes to.</summary>
    internal struct Plan
    {
        /// <summary>Bytes of the eCryptfs form in the worker's FirstLegacyName, where the entry has that one; else 0.</summary>
        internal int OldLength;

        /// <summary>As well for the other entry of an exchange, in SecondLegacyName.</summary>
        internal int NewLength;

        /// <summary>Both names are the file's: nothing is done.</summary>
        internal bool LeavesBoth;

        /// <summary>An eCryptfs file has the new name: <see cref="Finish"/> follows.</summary>
        internal bool ReplacesFile;

        /// <summary>The name that the entry has.</summary>
        internal readonly EntryName Old(OperationWorker worker, in EntryName native) => OldLength == 0
            ? native
            : new EntryName(native.Upper, worker.FirstLegacyName.AsSpan(0, OldLength), isLong: false);

        /// <summary>The name that it gets.</summary>
        internal readonly EntryName New(OperationWorker worker, in EntryName native) => NewLength == 0
            ? native
            : new EntryName(native.Upper, worker.SecondLegacyName.AsSpan(0, NewLength), isLong: false);
    }

    /// <summary>The directories of a rename.</summary>
    internal readonly ref struct Sides
    {
        internal Sides(Inode oldParent, Inode newParent, in LowerAddress from, in LowerAddress to, uint flags)
        {
            OldParent = oldParent;
            NewParent = newParent;
            From = from;
            To = to;
            Flags = flags;
        }

        internal readonly Inode OldParent;
        internal readonly Inode NewParent;
        internal readonly LowerAddress From;
        internal readonly LowerAddress To;
        internal readonly uint Flags;
    }
}
