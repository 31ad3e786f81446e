using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Attributes changed: chmod, chown and utimens families; all retried on EINTR.</content>
internal static unsafe partial class Libc
{
    private const int FChmodAt2Number = 452;

    private static volatile bool _lacksFChmodAt2;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall_fchmodat2(nint number, SafeFd dirfd, byte* path, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int chmod(byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(SafeFd dirfd, byte* path, uint owner, uint group, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(SafeFd dirfd, byte* path, Timespec* times, int flags);

    /// <summary>
    /// Sets the permission bits of <paramref name="name"/> in <paramref name="directory"/>, or of the descriptor
    /// itself (O_PATH too) when the name is empty; does not follow a symbolic link.
    /// </summary>
    /// <remarks>fchmodat2(2) where the kernel has it (6.6), else through an O_PATH descriptor and /proc/self/fd.</remarks>
    /// <returns>EOPNOTSUPP for a symbolic link, as Linux answers.</returns>
    internal static Errno ChangeMode(SafeFd directory, ReadOnlySpan<byte> name, uint mode)
    {
        if (!_lacksFChmodAt2)
        {
            Errno error = ChangeModeAt2(directory, name, mode);
            if (error != Errno.ENOSYS)
            {
                return error;
            }

            _lacksFChmodAt2 = true;
        }

        return ChangeModeThroughProc(directory, name, mode);
    }

    /// <summary>fchownat(2), not following a symbolic link; an empty name is the descriptor itself (O_PATH too).</summary>
    /// <param name="directory">Directory of the file, or the file.</param>
    /// <param name="name">Its name, or empty.</param>
    /// <param name="owner">New owner, or <see cref="uint.MaxValue"/> to leave it.</param>
    /// <param name="group">New group, or <see cref="uint.MaxValue"/> to leave it.</param>
    internal static Errno ChangeOwner(SafeFd directory, ReadOnlySpan<byte> name, uint owner, uint group)
    {
        byte* path = stackalloc byte[PathBufferSize];
        if (!Terminate(name, path))
        {
            return Errno.ENAMETOOLONG;
        }

        int flags = AtFlags.SymlinkNoFollow | (name.IsEmpty ? AtFlags.EmptyPath : 0);
        int result;
        do
        {
            result = fchownat(directory, path, owner, group, flags);
        }
        while (Interrupted(result));

        return Result(result);
    }

    /// <summary>
    /// utimensat(2), not following a symbolic link; an empty name is the descriptor itself (O_PATH too, since Linux
    /// 5.8).
    /// </summary>
    internal static Errno ChangeTimes(SafeFd directory, ReadOnlySpan<byte> name, Timespec access, Timespec modify)
    {
        byte* path = stackalloc byte[PathBufferSize];
        if (!Terminate(name, path))
        {
            return Errno.ENAMETOOLONG;
        }

        Timespec* times = stackalloc Timespec[2];
        times[0] = access;
        times[1] = modify;
        int flags = AtFlags.SymlinkNoFollow | (name.IsEmpty ? AtFlags.EmptyPath : 0);
        int result;
        do
        {
            result = utimensat(directory, path, times, flags);
        }
        while (Interrupted(result));

        return Result(result);
    }

    private static Errno ChangeModeAt2(SafeFd directory, ReadOnlySpan<byte> name, uint mode)
    {
        byte* path = stackalloc byte[PathBufferSize];
        if (!Terminate(name, path))
        {
            return Errno.ENAMETOOLONG;
        }

        int flags = AtFlags.SymlinkNoFollow | (name.IsEmpty ? AtFlags.EmptyPath : 0);
        nint result;
        do
        {
            result = syscall_fchmodat2(FChmodAt2Number, directory, path, mode, flags);
        }
        while (Interrupted(result));

        return Result(result);
    }

    private static Errno ChangeModeThroughProc(SafeFd directory, ReadOnlySpan<byte> name, uint mode)
    {
        SafeFd? file = null;
        if (!name.IsEmpty)
        {
            Errno error = OpenBeneath(directory, name, OpenFlags.Path | OpenFlags.NoFollow, 0, out file);
            if (error != Errno.None)
            {
                return error == Errno.ELOOP ? Errno.EOPNOTSUPP : error;
            }
        }

        using (file)
        {
            SafeFd subject = file ?? directory;
            byte* path = stackalloc byte[ProcPathSize];
            bool held = false;
            try
            {
                subject.DangerousAddRef(ref held);
                FormatProcPath(subject.Number, path);
                int result;
                do
                {
                    result = chmod(path, mode);
                }
                while (Interrupted(result));

                return Result(result);
            }
            finally
            {
                if (held)
                {
                    subject.DangerousRelease();
                }
            }
        }
    }
}

/// <summary>struct timespec of a 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Timespec
{
    /// <summary>Seconds since 1970.</summary>
    internal long Seconds;

    /// <summary>Nanoseconds, 0 to 999,999,999, or <see cref="NowMark"/> or <see cref="OmitMark"/>.</summary>
    internal long Nanoseconds;

    private const long NowMark = 0x3fffffff;
    private const long OmitMark = 0x3ffffffe;

    /// <summary>Creates a point in time.</summary>
    internal Timespec(long seconds, long nanoseconds)
    {
        Seconds = seconds;
        Nanoseconds = nanoseconds;
    }

    /// <summary>UTIME_NOW: the kernel's present time.</summary>
    internal static Timespec Now => new(0, NowMark);

    /// <summary>UTIME_OMIT: leave this time as it is.</summary>
    internal static Timespec Omit => new(0, OmitMark);
}
