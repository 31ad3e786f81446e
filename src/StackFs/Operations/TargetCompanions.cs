using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>
/// The side files of long symlink targets (Codecs/Native/FORMAT.md section 4), which several links of a directory may share:
/// copied before a link goes elsewhere, removed when no link of the directory names them any more.
/// </summary>
internal static class TargetCompanions
{
    // linux/fs.h, DT_UNKNOWN and DT_LNK.
    private const byte UnknownType = 0;
    private const byte LinkType = 10;

    /// <summary>The companion that a lower symlink names, or empty when it is no link or needs none.</summary>
    /// <param name="directory">The link's directory.</param>
    /// <param name="link">Its lower name.</param>
    /// <param name="buffer">Receives the companion's name; at least <see cref="LowerNames.TargetLength"/> + 1 bytes.</param>
    internal static ReadOnlySpan<byte> Of(in LowerAddress directory, ReadOnlySpan<byte> link, Span<byte> buffer)
    {
        Span<byte> target = buffer[..(LowerNames.TargetLength + 1)];
        return Libc.ReadLink(directory.Directory, link, target, out int length) == Errno.None
            && LowerNames.IsTargetCompanion(target[..length])
                ? target[..length]
                : default;
    }

    /// <summary>Copies a companion to the directory that a link to it is about to enter.</summary>
    internal static Errno Copy(
        OperationWorker worker, in LowerAddress from, in LowerAddress to, ReadOnlySpan<byte> companion)
    {
        Errno error = Companions.Read(in from, companion, worker.LowerText, out int count);
        return error == Errno.None
            ? Companions.Write(worker, in to, companion, worker.LowerText.AsSpan(0, count))
            : error;
    }

    /// <summary>
    /// Removes a companion unless a link of the directory still names it. Failing to look leaves it, which costs a hidden
    /// file; removing one too many would cost a link. So where others make links too, it stays until its directory goes.
    /// </summary>
    internal static void RemoveUnused(OperationWorker worker, in LowerAddress directory, ReadOnlySpan<byte> companion)
    {
        if (worker.Filesystem.IsShared)
        {
            return;
        }

        Errno error = Libc.OpenBeneath(
            directory.Directory, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out SafeFd? opened);
        if (error != Errno.None)
        {
            return;
        }

        using (opened)
        {
            if (IsUnused(worker, opened!, companion))
            {
                _ = Libc.Unlink(directory.Directory, companion);
            }
        }
    }

    private static bool IsUnused(OperationWorker worker, SafeFd directory, ReadOnlySpan<byte> companion)
    {
        Span<byte> target = stackalloc byte[LowerNames.TargetLength + 1];
        while (true)
        {
            if (Libc.ReadDirectory(directory, worker.OtherText, out int length) != Errno.None)
            {
                return false;
            }

            if (length == 0)
            {
                return true;
            }

            DirectoryRecords records = new(worker.OtherText.AsSpan(0, length));
            while (records.MoveNext())
            {
                if (records.Type is UnknownType or LinkType
                    && Libc.ReadLink(directory, records.Name, target, out int size) == Errno.None
                    && target[..size].SequenceEqual(companion))
                {
                    return false;
                }
            }
        }
    }
}
