using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Opening: openat2(2), openat(2) and duplicates.</content>
internal static unsafe partial class Libc
{
    private const int OpenAt2Number = 437;
    private const int DuplicateCloseOnExec = 1030;

    // linux/openat2.h: RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH.
    private const ulong ResolveInside = 0x02 | 0x04 | 0x08;

    private static readonly nint CurrentDirectory = -100;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall_openat2(nint number, SafeFd dirfd, byte* path, OpenHow* how, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int dirfd, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl_int(SafeFd fd, int command, nint argument);

    /// <summary>
    /// openat2(2) that stays beneath <paramref name="directory"/> and follows no symbolic link of any kind; retried on
    /// EINTR and on the EAGAIN that a racing rename causes.
    /// </summary>
    /// <param name="directory">Where resolution starts.</param>
    /// <param name="path">One name or a relative path.</param>
    /// <param name="flags"><see cref="OpenFlags"/>; O_CLOEXEC is added.</param>
    /// <param name="mode">Permissions with O_CREAT or O_TMPFILE, else 0.</param>
    /// <param name="opened">The new descriptor, owned by the caller; null on failure.</param>
    /// <returns>ELOOP where the name is a symbolic link, EXDEV where it leads out, else as open(2).</returns>
    internal static Errno OpenBeneath(SafeFd directory, ReadOnlySpan<byte> path, int flags, uint mode, out SafeFd? opened)
    {
        opened = null;
        byte* buffer = stackalloc byte[PathBufferSize];
        if (!Terminate(path, buffer))
        {
            return Errno.ENAMETOOLONG;
        }

        OpenHow how = new()
        {
            Flags = (uint)(flags | OpenFlags.CloseOnExec),
            Mode = mode & ModeBits.PermissionMask,
            Resolve = ResolveInside,
        };
        nint fd;
        Errno error;
        do
        {
            fd = syscall_openat2(OpenAt2Number, directory, buffer, &how, (nuint)sizeof(OpenHow));
            error = Result(fd);
        }
        while (error is Errno.EINTR or Errno.EAGAIN);

        if (error == Errno.None)
        {
            opened = new SafeFd((int)fd);
        }

        return error;
    }

    /// <summary>
    /// open(2) of a path from outside the lower tree, as the person who mounts typed it: symbolic links are followed.
    /// Retried on EINTR.
    /// </summary>
    internal static Errno OpenPath(ReadOnlySpan<byte> path, int flags, out SafeFd? opened)
    {
        opened = null;
        byte[] terminated = new byte[path.Length + 1];
        path.CopyTo(terminated);
        int fd;
        fixed (byte* pointer = terminated)
        {
            do
            {
                fd = openat((int)CurrentDirectory, pointer, flags | OpenFlags.CloseOnExec, 0);
            }
            while (Interrupted(fd));
        }

        Errno error = Result(fd);
        if (error == Errno.None)
        {
            opened = new SafeFd(fd);
        }

        return error;
    }

    /// <summary>
    /// Opens what <paramref name="fd"/> refers to once more, with other flags, through /proc/self/fd: how an O_PATH
    /// descriptor or an unlinked file gets one for reading and writing. Retried on EINTR.
    /// </summary>
    /// <returns>As open(2); ENOENT also where /proc is not mounted.</returns>
    internal static Errno Reopen(SafeFd fd, int flags, out SafeFd? opened)
    {
        opened = null;
        byte* path = stackalloc byte[ProcPathSize];
        int result;
        bool held = false;
        try
        {
            fd.DangerousAddRef(ref held);
            FormatProcPath(fd.Number, path);
            do
            {
                result = openat((int)CurrentDirectory, path, flags | OpenFlags.CloseOnExec, 0);
            }
            while (Interrupted(result));
        }
        finally
        {
            if (held)
            {
                fd.DangerousRelease();
            }
        }

        Errno error = Result(result);
        if (error == Errno.None)
        {
            opened = new SafeFd(result);
        }

        return error;
    }

    /// <summary>fcntl(2) F_DUPFD_CLOEXEC: a second descriptor of the same open file.</summary>
    internal static Errno Duplicate(SafeFd fd, out SafeFd? duplicate)
    {
        int result = fcntl_int(fd, DuplicateCloseOnExec, 0);
        Errno error = Result(result);
        duplicate = error == Errno.None ? new SafeFd(result) : null;
        return error;
    }

    /// <summary>linux/openat2.h, struct open_how.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenHow
    {
        /// <summary>O_* flags.</summary>
        internal ulong Flags;

        /// <summary>Permissions of a new file.</summary>
        internal ulong Mode;

        /// <summary>RESOLVE_* flags.</summary>
        internal ulong Resolve;
    }
}
