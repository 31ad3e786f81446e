using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>Small files: open(2), read(2), write(2), statx(2), fsync(2), renameat(2), unlinkat(2), flock(2).</summary>
internal static unsafe partial class Posix
{
    /// <summary>The current directory, where a directory descriptor is asked for.</summary>
    internal const int AT_FDCWD = -100;

    private const int O_RDONLY = 0;
    private const int O_WRONLY = 1;
    private const int O_CREAT = 0x40;
    private const int O_EXCL = 0x80;
    private const int O_NOCTTY = 0x100;
    private const int O_NONBLOCK = 0x800;
    private const int F_SETFD = 2;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int FD_CLOEXEC = 1;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_BASIC_STATS = 0x7ff;

    // These two differ: arch/arm64/include/uapi/asm/fcntl.h.
    private static readonly int O_DIRECTORY =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    private static readonly int O_NOFOLLOW =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int directory, byte* path, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(int fd, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(int fd, uint user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(int oldDirectory, byte* oldPath, int newDirectory, byte* newPath);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(int directory, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);

    // Variadic in the header; the third argument is an integer for every command used here.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(int directory, byte* path, uint mode);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    /// <summary>Opens a directory for reading and for fsync.</summary>
    internal static Errno OpenDirectory(string path, out SafeFd fd) =>
        Open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, out fd);

    /// <summary>Opens a directory again: a lock on the result is not shared with <paramref name="directory"/>.</summary>
    internal static Errno OpenSelf(SafeFd directory, out SafeFd fd)
    {
        Errno error = Open(directory.Number, ".", O_RDONLY | O_DIRECTORY, 0, out fd);
        GC.KeepAlive(directory);
        return error;
    }

    /// <summary>Opens a file for reading, following links: what a person named.</summary>
    internal static Errno OpenForReading(string path, out SafeFd fd) =>
        Open(AT_FDCWD, path, O_RDONLY | O_NOCTTY, 0, out fd);

    /// <summary>
    /// Opens a file of a directory that others may write: a link is ELOOP, and a FIFO does not block the open.
    /// </summary>
    internal static Errno OpenForReading(SafeFd directory, string name, out SafeFd fd)
    {
        Errno error = Open(directory.Number, name, O_RDONLY | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0, out fd);
        GC.KeepAlive(directory);
        return error;
    }

    /// <summary>Makes a file that must not exist, for writing.</summary>
    internal static Errno CreateExclusive(SafeFd directory, string name, uint mode, out SafeFd fd)
    {
        Errno error = Open(directory.Number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, out fd);
        GC.KeepAlive(directory);
        return error;
    }

    /// <summary>Opens a file of a directory for writing, making it where there is none.</summary>
    internal static Errno OpenForWriting(SafeFd directory, string name, uint mode, out SafeFd fd)
    {
        Errno error = Open(directory.Number, name, O_WRONLY | O_CREAT | O_NOFOLLOW, mode, out fd);
        GC.KeepAlive(directory);
        return error;
    }

    /// <summary>Makes a file that must not exist, for writing.</summary>
    internal static Errno CreateExclusive(string path, uint mode, out SafeFd fd) =>
        Open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, out fd);

    /// <summary>read(2), retried on EINTR; 0 at the end of the file.</summary>
    internal static Errno Read(SafeFd fd, Span<byte> buffer, out int count)
    {
        fixed (byte* p = buffer)
        {
            nint result;
            Errno error;
            do
            {
                result = read(fd.Number, p, (nuint)buffer.Length);
                error = result < 0 ? LastError() : Errno.None;
            }
            while (error == Errno.EINTR);
            GC.KeepAlive(fd);
            count = (int)Math.Max(result, 0);
            return error;
        }
    }

    /// <summary>read(2) until the buffer is full or the file ends.</summary>
    internal static Errno ReadToEnd(SafeFd fd, Span<byte> buffer, out int total)
    {
        total = 0;
        while (total < buffer.Length)
        {
            Errno error = Read(fd, buffer[total..], out int count);
            if (error != Errno.None)
            {
                return error;
            }

            if (count == 0)
            {
                break;
            }

            total += count;
        }

        return Errno.None;
    }

    /// <summary>write(2) until all is written, retried on EINTR.</summary>
    internal static Errno WriteAll(SafeFd fd, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            int done = 0;
            while (done < buffer.Length)
            {
                nint result = write(fd.Number, p + done, (nuint)(buffer.Length - done));
                Errno error = result < 0 ? LastError() : Errno.None;
                if (error is not Errno.None and not Errno.EINTR)
                {
                    return error;
                }

                done += (int)Math.Max(result, 0);
            }
        }

        GC.KeepAlive(fd);
        return Errno.None;
    }

    /// <summary>statx(2) of an open file, the basic fields.</summary>
    internal static Errno Status(SafeFd fd, out FileStatus status)
    {
        byte empty = 0;
        fixed (FileStatus* p = &status)
        {
            Errno error = Check(statx(fd.Number, &empty, AT_EMPTY_PATH, STATX_BASIC_STATS, p));
            GC.KeepAlive(fd);
            return error;
        }
    }

    /// <summary>fsync(2).</summary>
    internal static Errno Sync(SafeFd fd)
    {
        Errno error = Check(fsync(fd.Number));
        GC.KeepAlive(fd);
        return error;
    }

    /// <summary>fchmod(2).</summary>
    internal static Errno SetMode(SafeFd fd, uint mode)
    {
        Errno error = Check(fchmod(fd.Number, mode));
        GC.KeepAlive(fd);
        return error;
    }

    /// <summary>fchown(2).</summary>
    internal static Errno SetOwner(SafeFd fd, uint user, uint group)
    {
        Errno error = Check(fchown(fd.Number, user, group));
        GC.KeepAlive(fd);
        return error;
    }

    /// <summary>renameat(2) within one directory, replacing what has the new name.</summary>
    internal static Errno Rename(SafeFd directory, string oldName, string newName)
    {
        fixed (byte* o = Utf8(oldName), n = Utf8(newName))
        {
            Errno error = Check(renameat(directory.Number, o, directory.Number, n));
            GC.KeepAlive(directory);
            return error;
        }
    }

    /// <summary>unlink(2) of a file by its path.</summary>
    internal static Errno Unlink(string path)
    {
        fixed (byte* p = Utf8(path))
        {
            return Check(unlinkat(AT_FDCWD, p, 0));
        }
    }

    /// <summary>unlinkat(2) of a file.</summary>
    internal static Errno Unlink(SafeFd directory, string name)
    {
        fixed (byte* n = Utf8(name))
        {
            Errno error = Check(unlinkat(directory.Number, n, 0));
            GC.KeepAlive(directory);
            return error;
        }
    }

    /// <summary>
    /// flock(2), exclusive, without waiting: EAGAIN while another holds it; released when the descriptor is closed.
    /// </summary>
    internal static Errno TryLockExclusive(SafeFd fd)
    {
        Errno error = Check(flock(fd.Number, LOCK_EX | LOCK_NB));
        GC.KeepAlive(fd);
        return error;
    }

    /// <summary>
    /// Duplicates a descriptor that somebody else owns, and marks it close-on-exec, as the duplicate is.
    /// </summary>
    internal static Errno DuplicatePrivate(int number, out SafeFd fd)
    {
        int result = fcntl(number, F_DUPFD_CLOEXEC, 0);
        Errno error = Check(result);
        fd = new SafeFd(result);
        return error == Errno.None ? Check(fcntl(number, F_SETFD, FD_CLOEXEC)) : error;
    }

    /// <summary>mkdir(2); EEXIST is success where a directory stands there.</summary>
    internal static Errno MakeDirectory(string path, uint mode)
    {
        fixed (byte* p = Utf8(path))
        {
            Errno error = Check(mkdirat(AT_FDCWD, p, mode));
            return error == Errno.EEXIST ? Errno.None : error;
        }
    }

    /// <summary>geteuid(2).</summary>
    internal static uint EffectiveUser() => geteuid();

    private static Errno Open(int directory, string path, int flags, uint mode, out SafeFd fd)
    {
        fixed (byte* p = Utf8(path))
        {
            int result;
            Errno error;
            do
            {
                result = openat(directory, p, flags | (int)O_CLOEXEC, mode);
                error = Check(result);
            }
            while (error == Errno.EINTR);
            fd = new SafeFd(result);
            return error;
        }
    }

    private static byte[] Utf8(string text) => [.. System.Text.Encoding.UTF8.GetBytes(text), 0];

    /// <summary><c>struct statx</c>, linux/stat.h; the same on every architecture.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    internal struct FileStatus
    {
        /// <summary>Which fields are filled.</summary>
        public uint Mask;

        /// <summary>Preferred I/O size.</summary>
        public uint BlockSize;

        /// <summary>File attributes.</summary>
        public ulong Attributes;

        /// <summary>Hard links.</summary>
        public uint Links;

        /// <summary>Owner.</summary>
        public uint User;

        /// <summary>Group.</summary>
        public uint Group;

        /// <summary>Type and permissions.</summary>
        public ushort Mode;

        private readonly ushort _padding;

        /// <summary>Inode number.</summary>
        public ulong Inode;

        /// <summary>Bytes.</summary>
        public ulong Size;

        /// <summary>Whether it is a regular file.</summary>
        public readonly bool IsRegular => (Mode & 0xf000) == 0x8000;
    }
}
