using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>
/// Extended attributes. The f*xattr calls refuse O_PATH descriptors, so all go through /proc/self/fd/N, or
/// /proc/self/fd/N/NAME with the l*xattr calls, which do not follow a symbolic link in the last place.
/// All are retried on EINTR.
/// </content>
internal static unsafe partial class Libc
{
    // XATTR_NAME_MAX is 255; one byte for the NUL.
    private const int XattrNameSize = 256;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lremovexattr(byte* path, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint listxattr(byte* path, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int removexattr(byte* path, byte* name);

    /// <summary>Reads an attribute's value.</summary>
    /// <param name="directory">Directory of the file, or the file itself (O_PATH too).</param>
    /// <param name="name">The file's name, or empty.</param>
    /// <param name="attribute">The attribute's name, without a NUL.</param>
    /// <param name="value">Receives the value; when empty only its length is asked.</param>
    /// <param name="length">The value's length in bytes.</param>
    /// <returns>ERANGE when the value is longer than the buffer; ENODATA when there is none.</returns>
    internal static Errno GetXattr(
        SafeFd directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> attribute, Span<byte> value, out int length)
    {
        length = 0;
        byte* path = stackalloc byte[PathBufferSize];
        byte* key = stackalloc byte[XattrNameSize];
        if (!TerminateXattr(attribute, key))
        {
            return Errno.ERANGE;
        }

        using HeldPath held = new(directory, name, path);
        if (!held.IsValid)
        {
            return Errno.ENAMETOOLONG;
        }

        nint result;
        fixed (byte* buffer = value)
        {
            do
            {
                result = name.IsEmpty
                    ? getxattr(path, key, buffer, (nuint)value.Length)
                    : lgetxattr(path, key, buffer, (nuint)value.Length);
            }
            while (Interrupted(result));
        }

        Errno error = Result(result);
        length = error == Errno.None ? (int)result : 0;
        return error;
    }

    /// <summary>Writes an attribute; <paramref name="flags"/> are XATTR_CREATE (1) and XATTR_REPLACE (2).</summary>
    internal static Errno SetXattr(
        SafeFd directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value, int flags)
    {
        byte* path = stackalloc byte[PathBufferSize];
        byte* key = stackalloc byte[XattrNameSize];
        if (!TerminateXattr(attribute, key))
        {
            return Errno.ERANGE;
        }

        using HeldPath held = new(directory, name, path);
        if (!held.IsValid)
        {
            return Errno.ENAMETOOLONG;
        }

        int result;
        fixed (byte* buffer = value)
        {
            do
            {
                result = name.IsEmpty
                    ? setxattr(path, key, buffer, (nuint)value.Length, flags)
                    : lsetxattr(path, key, buffer, (nuint)value.Length, flags);
            }
            while (Interrupted(result));
        }

        return Result(result);
    }

    /// <summary>Lists attribute names, each ended by NUL; with an empty buffer only their length is asked.</summary>
    internal static Errno ListXattr(SafeFd directory, ReadOnlySpan<byte> name, Span<byte> list, out int length)
    {
        length = 0;
        byte* path = stackalloc byte[PathBufferSize];
        using HeldPath held = new(directory, name, path);
        if (!held.IsValid)
        {
            return Errno.ENAMETOOLONG;
        }

        nint result;
        fixed (byte* buffer = list)
        {
            do
            {
                result = name.IsEmpty
                    ? listxattr(path, buffer, (nuint)list.Length)
                    : llistxattr(path, buffer, (nuint)list.Length);
            }
            while (Interrupted(result));
        }

        Errno error = Result(result);
        length = error == Errno.None ? (int)result : 0;
        return error;
    }

    /// <summary>Removes an attribute; ENODATA when there is none.</summary>
    internal static Errno RemoveXattr(SafeFd directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> attribute)
    {
        byte* path = stackalloc byte[PathBufferSize];
        byte* key = stackalloc byte[XattrNameSize];
        if (!TerminateXattr(attribute, key))
        {
            return Errno.ERANGE;
        }

        using HeldPath held = new(directory, name, path);
        if (!held.IsValid)
        {
            return Errno.ENAMETOOLONG;
        }

        int result;
        do
        {
            result = name.IsEmpty ? removexattr(path, key) : lremovexattr(path, key);
        }
        while (Interrupted(result));

        return Result(result);
    }

    private static bool TerminateXattr(ReadOnlySpan<byte> attribute, byte* buffer)
    {
        if (attribute.Length >= XattrNameSize)
        {
            return false;
        }

        attribute.CopyTo(new Span<byte>(buffer, XattrNameSize));
        buffer[attribute.Length] = 0;
        return true;
    }

    /// <summary>A path through /proc/self/fd that keeps its descriptor open for as long as it is in use.</summary>
    private readonly ref struct HeldPath
    {
        private readonly SafeFd _directory;
        private readonly bool _held;

        internal HeldPath(SafeFd directory, ReadOnlySpan<byte> name, byte* buffer)
        {
            _directory = directory;
            _held = false;
            if (name.Length > PathBufferSize - ProcPathSize)
            {
                return;
            }

            directory.DangerousAddRef(ref _held);
            FormatProcPath(directory.Number, buffer);
            if (!name.IsEmpty)
            {
                Span<byte> path = new(buffer, PathBufferSize);
                int end = path.IndexOf((byte)0);
                path[end] = (byte)'/';
                name.CopyTo(path[(end + 1)..]);
                path[end + 1 + name.Length] = 0;
            }
        }

        internal bool IsValid => _held;

        public void Dispose()
        {
            if (_held)
            {
                _directory.DangerousRelease();
            }
        }
    }
}
