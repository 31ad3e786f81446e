using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>
/// Entries that an eCryptfs tree left beside native ones, in a mount that shows both (<c>legacy=</c>). Where a directory has
/// a name in both forms, the native one counts and the other is not seen; every change keeps to an order in which a crash
/// leaves just that.
/// </summary>
internal static class LegacyEntries
{
    /// <summary>What a lower name is, among eCryptfs's names too.</summary>
    /// <param name="worker">The calling worker; its <see cref="OperationWorker.UpperName"/> receives the upper name.</param>
    /// <param name="lower">As the lower directory gives it.</param>
    /// <param name="inRoot">Whether the directory is the root.</param>
    /// <param name="length">Bytes of the upper name.</param>
    internal static LowerNameKind Classify(OperationWorker worker, ReadOnlySpan<byte> lower, bool inRoot, out int length)
    {
        LowerNameKind kind = worker.Names.Decode(lower, inRoot, worker.UpperName, out length);
        if (worker.Legacy is not { } legacy || kind is not (LowerNameKind.Foreign or LowerNameKind.Name))
        {
            return kind;
        }

        // A volume with plain names takes any name for its own; only what decrypts is an eCryptfs one there.
        if (kind == LowerNameKind.Name && !(worker.HasPlainNames && legacy.EncryptsNames))
        {
            return kind;
        }

        if (legacy.Names.Decode(lower, inRoot, worker.LegacyName, out int legacyLength) != LowerNameKind.Name)
        {
            return kind;
        }

        worker.LegacyName.AsSpan(0, legacyLength).CopyTo(worker.UpperName);
        length = legacyLength;
        return LowerNameKind.Legacy;
    }

    /// <summary>Looks for an upper name in its eCryptfs form.</summary>
    /// <param name="worker">The calling worker.</param>
    /// <param name="parent">The directory.</param>
    /// <param name="directory">Where it is.</param>
    /// <param name="upper">The upper name.</param>
    /// <param name="buffer">At least 256 bytes; receives the lower name.</param>
    /// <param name="lower">The lower name, in the buffer; empty when the result is not None.</param>
    /// <param name="status">The lower file.</param>
    /// <returns>ENOENT when there is none, also because such a name cannot be one; what looking answers.</returns>
    internal static Errno Find(
        OperationWorker worker,
        Inode parent,
        scoped in LowerAddress directory,
        scoped ReadOnlySpan<byte> upper,
        byte[] buffer,
        out ReadOnlySpan<byte> lower,
        out StatxBuffer status)
    {
        lower = default;
        status = default;
        if (worker.Legacy is not { } legacy || parent.HasNoForeign)
        {
            return Errno.ENOENT;
        }

        bool inRoot = parent.Id == Fuse.NodeId.Root;
        if (legacy.Names.Encode(upper, inRoot, buffer, out int length) != NameStatus.Ok
            || Classify(worker, buffer.AsSpan(0, length), inRoot, out _) != LowerNameKind.Legacy)
        {
            return Errno.ENOENT;
        }

        Errno error = Libc.Statx(directory.Directory, buffer.AsSpan(0, length), out status);
        if (error == Errno.None)
        {
            lower = buffer.AsSpan(0, length);
        }

        return error;
    }

    /// <summary>Whether an eCryptfs entry is hidden by a native one of the same upper name.</summary>
    internal static bool IsHidden(OperationWorker worker, Inode parent, scoped in LowerAddress directory, ReadOnlySpan<byte> upper) =>
        worker.Encode(parent, upper, worker.FirstName, out EntryName native) == Errno.None
        && Libc.Statx(directory.Directory, native.Lower, out _) == Errno.None;

    /// <summary>Says in which form an entry is there, for what is done to it.</summary>
    /// <param name="worker">The calling worker.</param>
    /// <param name="parent">The directory.</param>
    /// <param name="directory">Where it is.</param>
    /// <param name="name">The native form.</param>
    /// <param name="buffer">At least 256 bytes; receives the eCryptfs form.</param>
    /// <param name="length">Bytes of that where it is the one that is there; 0 for the native form.</param>
    /// <returns>EROFS when the mount only reads eCryptfs entries and one has the name.</returns>
    internal static Errno Resolve(
        OperationWorker worker, Inode parent, in LowerAddress directory, in EntryName name, byte[] buffer, out int length)
    {
        length = 0;
        if (Find(worker, parent, in directory, name.Upper, buffer, out ReadOnlySpan<byte> lower, out _) != Errno.None)
        {
            return Errno.None;
        }

        if (worker.Filesystem.Format.OnlyReadsLegacy)
        {
            return Errno.EROFS;
        }

        Errno error = Libc.Statx(directory.Directory, name.Lower, out _);
        if (error != Errno.ENOENT)
        {
            return error;
        }

        length = lower.Length;
        return Errno.None;
    }

    /// <summary>Whether the attributes of an inode may not be changed: an eCryptfs entry that the mount only reads.</summary>
    internal static bool IsReadOnly(OperationWorker worker, Inode inode) =>
        inode.IsLegacy && worker.Filesystem.Format.OnlyReadsLegacy;
}
