using System.Runtime.InteropServices;
using System.Text;

namespace StackFs.Tests.Common;

/// <summary>
/// The system calls the tests make, declared here so that no test goes through the layer it tests.
/// </summary>
/// <remarks>
/// In a path each character is one byte (Latin-1), since a Linux name need not be UTF-8. Nothing is retried and
/// nothing throws: the error number is part of what is tested.
/// </remarks>
public static unsafe partial class Sys
{
    public static bool IsRoot => geteuid() == 0;

    public static Result Open(string path, int flags, int mode = 0x1A4) => Of(open(Z(path), flags | O_CLOEXEC, (uint)mode));
    public static Result Close(int fd) => Of(close(fd));
    public static Result Mkdir(string path, int mode = 0x1ED) => Of(mkdir(Z(path), (uint)mode));
    public static Result Rmdir(string path) => Of(rmdir(Z(path)));
    public static Result Unlink(string path) => Of(unlink(Z(path)));
    public static Result Rename(string from, string to) => Of(rename(Z(from), Z(to)));
    public static Result Rename(string from, string to, uint flags) => Of(renameat2(AT_FDCWD, Z(from), AT_FDCWD, Z(to), flags));
    public static Result Link(string from, string to) => Of(linkat(AT_FDCWD, Z(from), AT_FDCWD, Z(to), 0));
    public static Result LinkAt(int d, string from, string to, int flags) => Of(linkat(d, Z(from), AT_FDCWD, Z(to), flags));
    public static Result Symlink(string target, string path) => Of(symlink(Z(target), Z(path)));
    public static Result Mknod(string path, int mode, ulong device = 0) => Of(mknod(Z(path), (uint)mode, device));
    public static Result Chmod(string path, int mode) => Of(chmod(Z(path), (uint)mode));
    public static Result Fchmod(int fd, int mode) => Of(fchmod(fd, (uint)mode));
    public static Result Chown(string path, long uid, long gid) => Of(fchownat(AT_FDCWD, Z(path), (uint)(uid & 0xffffffff), (uint)(gid & 0xffffffff), 0));
    public static Result Lchown(string path, long uid, long gid) => Of(fchownat(AT_FDCWD, Z(path), (uint)(uid & 0xffffffff), (uint)(gid & 0xffffffff), AT_SYMLINK_NOFOLLOW));
    public static Result Fsync(int fd) => Of(fsync(fd));
    public static Result Fdatasync(int fd) => Of(fdatasync(fd));
    public static Result Syncfs(int fd) => Of(syncfs(fd));
    public static Result Ftruncate(int fd, long size) => Of(ftruncate(fd, size));
    public static Result Truncate(string path, long size) => Of(truncate(Z(path), size));
    public static Result Lseek(int fd, long offset, int whence) => Of(lseek(fd, offset, whence));
    public static Result Fallocate(int fd, int mode, long offset, long length) => Of(fallocate(fd, mode, offset, length));
    public static Result Access(string path, int mode) => Of(access(Z(path), mode));
    public static Result RemoveXattr(string path, string name) => Of(lremovexattr(Z(path), Z(name)));
    public static Result Flock(int fd, int operation) => Of(flock(fd, operation));
    public static Result Munmap(nint address, int length) => Of(munmap(address, (nuint)length));
    public static Result Msync(nint address, int length) => Of(msync(address, (nuint)length, MS_SYNC));
    public static Result Umount(string path, int flags) => Of(umount2(Z(path), flags));
    public static Result Mount(string source, string target, string type, ulong flags, string? data) =>
        Of(mount(Z(source), Z(target), Z(type), flags, data is null ? null : Z(data)));
    public static Result Kill(int pid, int signal) => Of(kill(pid, signal));
    public static int Umask(int mask) => (int)umask((uint)mask);

    public static Result Read(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            return Of(read(fd, p, (nuint)buffer.Length));
        }
    }

    public static Result Write(int fd, ReadOnlySpan<byte> data)
    {
        fixed (byte* p = data)
        {
            return Of(write(fd, p, (nuint)data.Length));
        }
    }

    public static Result Pread(int fd, Span<byte> buffer, long offset)
    {
        fixed (byte* p = buffer)
        {
            return Of(pread(fd, p, (nuint)buffer.Length, offset));
        }
    }

    public static Result Pwrite(int fd, ReadOnlySpan<byte> data, long offset)
    {
        fixed (byte* p = data)
        {
            return Of(pwrite(fd, p, (nuint)data.Length, offset));
        }
    }

    public static Result CopyFileRange(int source, long sourceOffset, int target, long targetOffset, long length) =>
        Of(copy_file_range(source, &sourceOffset, target, &targetOffset, (nuint)length, 0));

    /// <summary>Sets both times in whole nanoseconds; either may be UTIME_NOW or UTIME_OMIT in its nanosecond part.</summary>
    public static Result Utimens(string path, (long Seconds, long Nanoseconds) access, (long Seconds, long Nanoseconds) modification, bool follow = true)
    {
        long* times = stackalloc long[4] { access.Seconds, access.Nanoseconds, modification.Seconds, modification.Nanoseconds };
        return Of(utimensat(AT_FDCWD, Z(path), times, follow ? 0 : AT_SYMLINK_NOFOLLOW));
    }

    public static Result Futimens(int fd, (long Seconds, long Nanoseconds) access, (long Seconds, long Nanoseconds) modification)
    {
        long* times = stackalloc long[4] { access.Seconds, access.Nanoseconds, modification.Seconds, modification.Nanoseconds };
        return Of(futimens(fd, times));
    }

    public static Result ReadLink(string path, out string target)
    {
        byte[] buffer = new byte[8192];
        fixed (byte* p = buffer)
        {
            Result result = Of(readlink(Z(path), p, (nuint)buffer.Length));
            target = result.Ok ? Encoding.Latin1.GetString(buffer, 0, (int)result.Value) : "";
            return result;
        }
    }

    public static Result SetXattr(string path, string name, ReadOnlySpan<byte> value, int flags = 0)
    {
        fixed (byte* p = value)
        {
            return Of(lsetxattr(Z(path), Z(name), p, (nuint)value.Length, flags));
        }
    }

    public static Result GetXattr(string path, string name, Span<byte> value)
    {
        fixed (byte* p = value)
        {
            return Of(lgetxattr(Z(path), Z(name), p, (nuint)value.Length));
        }
    }

    /// <summary>The attribute names, sorted; <paramref name="capacity"/> 0 asks for the size only.</summary>
    public static Result ListXattr(string path, int capacity, out string[] names)
    {
        byte[] buffer = new byte[capacity];
        fixed (byte* p = buffer)
        {
            Result result = Of(llistxattr(Z(path), p, (nuint)capacity));
            names = result.Ok && capacity > 0
                ? Encoding.Latin1.GetString(buffer, 0, (int)result.Value).Split('\0', StringSplitOptions.RemoveEmptyEntries)
                : [];
            Array.Sort(names, StringComparer.Ordinal);
            return result;
        }
    }

    /// <summary>A record lock over <paramref name="length"/> bytes from <paramref name="start"/>; returns the lock found by F_GETLK.</summary>
    public static Result Lock(int fd, int command, ref short type, long start, long length)
    {
        FlockRecord record = new() { Type = type, Whence = SEEK_SET, Start = start, Length = length };
        Result result = Of(fcntl(fd, command, (nint)(&record)));
        type = record.Type;
        return result;
    }

    public static Result Mmap(int fd, int length, int protection, int flags, long offset)
    {
        nint address = mmap(0, (nuint)length, protection, flags, fd, offset);
        return address == -1 ? new Result(-1, Marshal.GetLastPInvokeError()) : new Result(address, 0);
    }

    /// <summary>The kernel's handle of a file: its length, its type, then the bytes.</summary>
    public static Result NameToHandle(string path, out byte[] handle)
    {
        handle = new byte[8 + 128];
        handle[0] = 128;
        int mount;
        fixed (byte* p = handle)
        {
            return Of(name_to_handle_at(AT_FDCWD, Z(path), p, &mount, 0));
        }
    }

    public static Result OpenByHandle(int mount, byte[] handle, int flags)
    {
        fixed (byte* p = handle)
        {
            return Of(open_by_handle_at(mount, p, flags));
        }
    }

    /// <summary>Changes the identity of the calling thread only, which no library call can do.</summary>
    public static Result SetThreadIdentity(uint uid, uint gid)
    {
        int setgroups = Arm ? 159 : 116, setresgid = Arm ? 149 : 119, setresuid = Arm ? 147 : 117;
        Result result = Of(syscall(setgroups, 0, (nint)0, 0));
        result = result.Ok ? Of(syscall(setresgid, (nint)gid, (nint)gid, (nint)gid)) : result;
        return result.Ok ? Of(syscall(setresuid, (nint)uid, (nint)uid, (nint)uid)) : result;
    }

    private static byte[] Z(string path)
    {
        byte[] bytes = new byte[path.Length + 1];
        Encoding.Latin1.GetBytes(path, bytes);
        return bytes;
    }

    private static Result Of(long value) => value == -1 ? new Result(-1, Marshal.GetLastPInvokeError()) : new Result(value, 0);

    [StructLayout(LayoutKind.Sequential)]
    private struct FlockRecord
    {
        public short Type;
        public short Whence;
        public int Padding;
        public long Start;
        public long Length;
        public int Pid;
        public int Padding2;
    }
}
