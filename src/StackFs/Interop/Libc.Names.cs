using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Calls that make, change and remove names. None is retried on EINTR.</content>
internal static unsafe partial class Libc
{
    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeFd dirfd, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat2(SafeFd olddirfd, byte* oldpath, SafeFd newdirfd, byte* newpath, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(SafeFd olddirfd, byte* oldpath, SafeFd newdirfd, byte* newpath, int flags);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true)]
    private static partial int linkat_from_path(int olddirfd, byte* oldpath, SafeFd newdirfd, byte* newpath, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, SafeFd newdirfd, byte* linkpath);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(SafeFd dirfd, byte* path, byte* buf, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(SafeFd dirfd, byte* path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeFd dirfd, byte* path, uint mode);

    /// <summary>unlinkat(2) of a file that is not a directory.</summary>
    internal static Errno Unlink(SafeFd directory, ReadOnlySpan<byte> name) => Remove(directory, name, 0);

    /// <summary>unlinkat(2) of an empty directory.</summary>
    internal static Errno RemoveDirectory(SafeFd directory, ReadOnlySpan<byte> name) =>
        Remove(directory, name, AtFlags.RemoveDirectory);

    /// <summary>renameat2(2); <paramref name="flags"/> are <see cref="RenameFlags"/>.</summary>
    internal static Errno Rename(
        SafeFd oldDirectory, ReadOnlySpan<byte> oldName, SafeFd newDirectory, ReadOnlySpan<byte> newName, uint flags)
    {
        byte* oldPath = stackalloc byte[PathBufferSize];
        byte* newPath = stackalloc byte[PathBufferSize];
        return Terminate(oldName, oldPath) && Terminate(newName, newPath)
            ? Result(renameat2(oldDirectory, oldPath, newDirectory, newPath, flags))
            : Errno.ENAMETOOLONG;
    }

    /// <summary>linkat(2); the old name is not followed when it is a symbolic link.</summary>
    internal static Errno Link(
        SafeFd oldDirectory, ReadOnlySpan<byte> oldName, SafeFd newDirectory, ReadOnlySpan<byte> newName)
    {
        byte* oldPath = stackalloc byte[PathBufferSize];
        byte* newPath = stackalloc byte[PathBufferSize];
        return Terminate(oldName, oldPath) && Terminate(newName, newPath)
            ? Result(linkat(oldDirectory, oldPath, newDirectory, newPath, 0))
            : Errno.ENAMETOOLONG;
    }

    /// <summary>
    /// linkat(2) of an open file, through /proc/self/fd: the way a file made with O_TMPFILE gets a name without
    /// CAP_DAC_READ_SEARCH.
    /// </summary>
    /// <returns>ENOENT also where the file was unlinked.</returns>
    internal static Errno LinkDescriptor(SafeFd file, SafeFd newDirectory, ReadOnlySpan<byte> newName)
    {
        byte* oldPath = stackalloc byte[ProcPathSize];
        byte* newPath = stackalloc byte[PathBufferSize];
        if (!Terminate(newName, newPath))
        {
            return Errno.ENAMETOOLONG;
        }

        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            FormatProcPath(file.Number, oldPath);
            return Result(linkat_from_path(
                (int)CurrentDirectory, oldPath, newDirectory, newPath, AtFlags.SymlinkFollow));
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>symlinkat(2).</summary>
    /// <param name="target">What the link says, ended by a NUL byte that is part of the span.</param>
    /// <param name="directory">Directory of the link.</param>
    /// <param name="name">Name of the link.</param>
    internal static Errno Symlink(ReadOnlySpan<byte> target, SafeFd directory, ReadOnlySpan<byte> name)
    {
        if (target.IsEmpty || target[^1] != 0)
        {
            return Errno.EINVAL;
        }

        byte* path = stackalloc byte[PathBufferSize];
        if (!Terminate(name, path))
        {
            return Errno.ENAMETOOLONG;
        }

        fixed (byte* text = target)
        {
            return Result(symlinkat(text, directory, path));
        }
    }

    /// <summary>readlinkat(2); an empty name reads the link that <paramref name="directory"/> (O_PATH) refers to.</summary>
    /// <param name="directory">Directory of the link, or the link itself.</param>
    /// <param name="name">Name of the link, or empty.</param>
    /// <param name="target">Receives the target, cut off where it is full.</param>
    /// <param name="length">Bytes written to <paramref name="target"/>.</param>
    internal static Errno ReadLink(SafeFd directory, ReadOnlySpan<byte> name, Span<byte> target, out int length)
    {
        length = 0;
        byte* path = stackalloc byte[PathBufferSize];
        if (!Terminate(name, path))
        {
            return Errno.ENAMETOOLONG;
        }

        nint result;
        fixed (byte* buffer = target)
        {
            do
            {
                result = readlinkat(directory, path, buffer, (nuint)target.Length);
            }
            while (Interrupted(result));
        }

        Errno error = Result(result);
        length = error == Errno.None ? (int)result : 0;
        return error;
    }

    /// <summary>mknodat(2); the umask of the calling thread applies.</summary>
    /// <param name="directory">Directory of the new node.</param>
    /// <param name="name">Its name.</param>
    /// <param name="mode">Type and permissions.</param>
    /// <param name="device">The device in the kernel's 32-bit encoding, as FUSE carries it; 0 for other types.</param>
    internal static Errno MakeNode(SafeFd directory, ReadOnlySpan<byte> name, uint mode, uint device)
    {
        // glibc's dev_t keeps the low 8 bits of the minor, then the low 12 of the major, then the rest: its low 32 bits
        // are the kernel's encoding.
        byte* path = stackalloc byte[PathBufferSize];
        return Terminate(name, path) ? Result(mknodat(directory, path, mode, device)) : Errno.ENAMETOOLONG;
    }

    /// <summary>mkdirat(2); the umask of the calling thread applies.</summary>
    internal static Errno MakeDirectory(SafeFd directory, ReadOnlySpan<byte> name, uint mode)
    {
        byte* path = stackalloc byte[PathBufferSize];
        return Terminate(name, path) ? Result(mkdirat(directory, path, mode)) : Errno.ENAMETOOLONG;
    }

    private static Errno Remove(SafeFd directory, ReadOnlySpan<byte> name, int flags)
    {
        byte* path = stackalloc byte[PathBufferSize];
        return Terminate(name, path) ? Result(unlinkat(directory, path, flags)) : Errno.ENAMETOOLONG;
    }
}

/// <summary>Flags of renameat2(2) (linux/fs.h).</summary>
internal static class RenameFlags
{
    /// <summary>RENAME_NOREPLACE.</summary>
    internal const uint NoReplace = 1;

    /// <summary>RENAME_EXCHANGE.</summary>
    internal const uint Exchange = 2;

    /// <summary>RENAME_WHITEOUT.</summary>
    internal const uint Whiteout = 4;
}
