using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Names;

namespace StackFs.Mounting;

/// <summary>Finds the lower file of an upper path, beside the mount: for tools, which know paths and no inodes.</summary>
internal static class UpperPaths
{
    /// <summary>Opens the lower file of an upper path.</summary>
    /// <param name="root">The lower root; stays the caller's.</param>
    /// <param name="names">The volume's names; stays the caller's.</param>
    /// <param name="legacy">Those of eCryptfs entries beside them; null where none are shown.</param>
    /// <param name="upperPath">Relative to the mount point, names separated by slashes; empty for the root.</param>
    /// <param name="lower">An O_PATH descriptor, which the caller owns; a symbolic link is not followed.</param>
    /// <param name="lowerPath">The path below, relative to the lower root.</param>
    /// <returns>ENOENT, ENOTDIR, ENAMETOOLONG, EPERM for a name that StackFs keeps for itself.</returns>
    internal static Errno Open(
        SafeFd root,
        INameCodec names,
        INameCodec? legacy,
        ReadOnlySpan<byte> upperPath,
        out SafeFd? lower,
        out byte[] lowerPath)
    {
        lowerPath = [];
        Errno error = Libc.OpenBeneath(root, "."u8, OpenFlags.Path, 0, out lower);
        byte[] buffer = new byte[LowerNames.MaxLength + 1];
        foreach (Range range in upperPath.Split((byte)'/'))
        {
            ReadOnlySpan<byte> upper = upperPath[range];
            if (upper.IsEmpty)
            {
                continue;
            }

            if (error == Errno.None)
            {
                error = NameErrno.From(names.Encode(upper, lowerPath.Length == 0, buffer, out int length));
                error = error == Errno.None ? Step(ref lower, buffer.AsSpan(0, length)) : error;
                if (error == Errno.ENOENT && legacy is not null)
                {
                    error = NameErrno.From(legacy.Encode(upper, lowerPath.Length == 0, buffer, out length));
                    error = error == Errno.None ? Step(ref lower, buffer.AsSpan(0, length)) : error;
                }

                byte[] separator = lowerPath.Length == 0 ? [] : [(byte)'/'];
                lowerPath = [.. lowerPath, .. separator, .. buffer.AsSpan(0, length)];
            }
        }

        if (error != Errno.None)
        {
            lower?.Dispose();
            lower = null;
            lowerPath = [];
        }

        return error;
    }

    /// <summary>Goes from a directory to an entry of it.</summary>
    private static Errno Step(ref SafeFd? at, ReadOnlySpan<byte> name)
    {
        Errno error = Libc.OpenBeneath(at!, name, OpenFlags.Path | OpenFlags.NoFollow, 0, out SafeFd? next);
        if (error == Errno.None)
        {
            at!.Dispose();
            at = next;
        }

        return error;
    }
}
