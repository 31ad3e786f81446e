using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Attributes read: statx(2) and fstatfs(2).</content>
internal static unsafe partial class Libc
{
    // linux/stat.h: STATX_BASIC_STATS.
    private const uint StatxBasic = 0x7ff;

    // linux/stat.h: STATX_BTIME.
    private const uint StatxBirthTime = 0x800;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(SafeFd dirfd, byte* path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatfs(SafeFd fd, StatfsBuffer* buffer);

    /// <summary>
    /// statx(2) of <paramref name="name"/> in <paramref name="directory"/>, or of the descriptor itself when the name
    /// is empty. Never follows a symbolic link and never triggers an automount. Retried on EINTR.
    /// </summary>
    internal static Errno Statx(SafeFd directory, ReadOnlySpan<byte> name, out StatxBuffer status)
    {
        return Statx(directory, name, 0, out status);
    }

    /// <summary>
    /// statx(2) of a descriptor from what the kernel has cached. Its device number is right in any case, and no server is
    /// asked, not even one that does not answer.
    /// </summary>
    internal static Errno StatxCached(SafeFd fd, out StatxBuffer status) =>
        Statx(fd, default, AtFlags.DontSync, out status);

    private static Errno Statx(SafeFd directory, ReadOnlySpan<byte> name, int extraFlags, out StatxBuffer status)
    {
        byte* path = stackalloc byte[PathBufferSize];
        if (!Terminate(name, path))
        {
            status = default;
            return Errno.ENAMETOOLONG;
        }

        int flags = AtFlags.SymlinkNoFollow | AtFlags.NoAutomount | extraFlags | (name.IsEmpty ? AtFlags.EmptyPath : 0);
        int result;
        fixed (StatxBuffer* buffer = &status)
        {
            do
            {
                result = statx(directory, path, flags, StatxBasic | StatxBirthTime, buffer);
            }
            while (Interrupted(result));
        }

        return Result(result);
    }

    /// <summary>fstatfs(2), also of an O_PATH descriptor; retried on EINTR.</summary>
    internal static Errno StatFs(SafeFd fd, out StatfsBuffer status)
    {
        int result;
        fixed (StatfsBuffer* buffer = &status)
        {
            do
            {
                result = fstatfs(fd, buffer);
            }
            while (Interrupted(result));
        }

        return Result(result);
    }
}
