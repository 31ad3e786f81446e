using System.Runtime.InteropServices;

namespace StackFs.Tests.Common;

// Private declarations, named as in the manual pages; paths are NUL-terminated bytes.
public static unsafe partial class Sys
{
    [LibraryImport("libc", SetLastError = true)] private static partial int open(byte[] path, int flags, uint mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int close(int fd);
    [LibraryImport("libc", SetLastError = true)] private static partial int mkdir(byte[] path, uint mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int rmdir(byte[] path);
    [LibraryImport("libc", SetLastError = true)] private static partial int unlink(byte[] path);
    [LibraryImport("libc", SetLastError = true)] private static partial int rename(byte[] from, byte[] to);
    [LibraryImport("libc", SetLastError = true)] private static partial int renameat2(int d1, byte[] from, int d2, byte[] to, uint flags);
    [LibraryImport("libc", SetLastError = true)] private static partial int linkat(int d1, byte[] from, int d2, byte[] to, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial int symlink(byte[] target, byte[] path);
    [LibraryImport("libc", SetLastError = true)] private static partial nint readlink(byte[] path, byte* buffer, nuint size);
    [LibraryImport("libc", SetLastError = true)] private static partial int mknod(byte[] path, uint mode, ulong device);
    [LibraryImport("libc", SetLastError = true)] private static partial int chmod(byte[] path, uint mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int fchmod(int fd, uint mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int fchownat(int d, byte[] path, uint uid, uint gid, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial int utimensat(int d, byte[] path, long* times, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial int futimens(int fd, long* times);
    [LibraryImport("libc", SetLastError = true)] private static partial int statx(int d, byte[] path, int flags, uint mask, byte* buffer);
    [LibraryImport("libc", SetLastError = true)] private static partial int statfs(byte[] path, byte* buffer);
    [LibraryImport("libc", SetLastError = true)] private static partial int fsync(int fd);
    [LibraryImport("libc", SetLastError = true)] private static partial int fdatasync(int fd);
    [LibraryImport("libc", SetLastError = true)] private static partial int syncfs(int fd);
    [LibraryImport("libc", SetLastError = true)] private static partial int ftruncate(int fd, long size);
    [LibraryImport("libc", SetLastError = true)] private static partial int truncate(byte[] path, long size);
    [LibraryImport("libc", SetLastError = true)] private static partial nint read(int fd, byte* buffer, nuint count);
    [LibraryImport("libc", SetLastError = true)] private static partial nint write(int fd, byte* buffer, nuint count);
    [LibraryImport("libc", SetLastError = true)] private static partial nint pread(int fd, byte* buffer, nuint count, long offset);
    [LibraryImport("libc", SetLastError = true)] private static partial nint pwrite(int fd, byte* buffer, nuint count, long offset);
    [LibraryImport("libc", SetLastError = true)] private static partial long lseek(int fd, long offset, int whence);
    [LibraryImport("libc", SetLastError = true)] private static partial int fallocate(int fd, int mode, long offset, long length);
    [LibraryImport("libc", SetLastError = true)] private static partial nint copy_file_range(int source, long* sourceOffset, int target, long* targetOffset, nuint length, uint flags);
    [LibraryImport("libc", SetLastError = true)] private static partial int access(byte[] path, int mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int lsetxattr(byte[] path, byte[] name, byte* value, nuint size, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial nint lgetxattr(byte[] path, byte[] name, byte* value, nuint size);
    [LibraryImport("libc", SetLastError = true)] private static partial nint llistxattr(byte[] path, byte* list, nuint size);
    [LibraryImport("libc", SetLastError = true)] private static partial int lremovexattr(byte[] path, byte[] name);
    [LibraryImport("libc", SetLastError = true)] private static partial int flock(int fd, int operation);
    [LibraryImport("libc", SetLastError = true)] private static partial int fcntl(int fd, int command, nint argument);
    [LibraryImport("libc", SetLastError = true)] private static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, long offset);
    [LibraryImport("libc", SetLastError = true)] private static partial int munmap(nint address, nuint length);
    [LibraryImport("libc", SetLastError = true)] private static partial int msync(nint address, nuint length, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial int name_to_handle_at(int d, byte[] path, byte* handle, int* mount, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial int open_by_handle_at(int mount, byte* handle, int flags);
    [LibraryImport("libc")] private static partial uint umask(uint mask);
    [LibraryImport("libc", SetLastError = true)] private static partial int umount2(byte[] path, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial int mount(byte[] source, byte[] target, byte[] type, ulong flags, byte[]? data);
    [LibraryImport("libc", SetLastError = true)] private static partial int kill(int pid, int signal);
    [LibraryImport("libc", SetLastError = true)] private static partial nint syscall(nint number, nint a, nint b, nint c);
    [LibraryImport("libc", SetLastError = true)] private static partial nint syscall(nint number, nint a, byte* b, nint c);
    [LibraryImport("libc")] private static partial uint geteuid();
}
