using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>Memory mapping, locking and dump exclusion: mmap(2), mlock(2), madvise(2), memfd_secret(2).</summary>
internal static unsafe partial class Posix
{
    private const int PROT_NONE = 0;
    private const int PROT_READ = 1;
    private const int PROT_WRITE = 2;
    private const int MAP_SHARED = 0x01;
    private const int MAP_PRIVATE = 0x02;
    private const int MAP_FIXED = 0x10;
    private const int MAP_ANONYMOUS = 0x20;
    private const int MAP_NORESERVE = 0x4000;
    private const int MADV_DONTFORK = 10;
    private const int MADV_DONTDUMP = 16;
    private const uint O_CLOEXEC = 0x80000;

    // asm-generic/unistd.h; x86-64 and arm64 share the number.
    private const nint SYS_memfd_secret = 447;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mlock(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(nint address, nuint length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint argument);

    /// <summary>
    /// Reserves <paramref name="length"/> bytes of address space that fault on any access. The caller unmaps them.
    /// </summary>
    internal static Errno ReserveAddresses(nuint length, out nint address) =>
        Map(0, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, out address);

    /// <summary>Replaces a reserved range with private, zeroed, readable and writable pages.</summary>
    internal static Errno MapAnonymousAt(nint address, nuint length) =>
        Map(address, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, out _);

    /// <summary>Replaces a reserved range with shared, readable and writable pages of <paramref name="fd"/>.</summary>
    internal static Errno MapFileAt(nint address, nuint length, SafeFd fd)
    {
        Errno error = Map(address, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd.Number, out _);
        GC.KeepAlive(fd);
        return error;
    }

    /// <summary>munmap(2).</summary>
    internal static Errno Unmap(nint address, nuint length) => Check(munmap(address, length));

    /// <summary>mlock(2): ENOMEM, EAGAIN or EPERM when RLIMIT_MEMLOCK does not allow it.</summary>
    internal static Errno Lock(nint address, nuint length) => Check(mlock(address, length));

    /// <summary>madvise(2), MADV_DONTDUMP: the pages appear in no core dump.</summary>
    internal static Errno ExcludeFromDumps(nint address, nuint length) =>
        Check(madvise(address, length, MADV_DONTDUMP));

    /// <summary>madvise(2), MADV_DONTFORK: a forked child does not have the pages.</summary>
    internal static Errno ExcludeFromForks(nint address, nuint length) =>
        Check(madvise(address, length, MADV_DONTFORK));

    /// <summary>
    /// memfd_secret(2), Linux 5.14: memory that the kernel itself has no mapping of. ENOSYS where it is not built in
    /// or not enabled. Pages count against RLIMIT_MEMLOCK when they are mapped.
    /// </summary>
    internal static Errno MemFdSecret(out SafeFd fd)
    {
        int result = (int)syscall(SYS_memfd_secret, (nint)O_CLOEXEC);
        Errno error = Check(result);
        fd = new SafeFd(result);
        return error;
    }

    /// <summary>ftruncate(2).</summary>
    internal static Errno SetLength(SafeFd fd, long length)
    {
        Errno error = Check(ftruncate(fd.Number, length));
        GC.KeepAlive(fd);
        return error;
    }

    private static Errno Map(nint at, nuint length, int protection, int flags, int fd, out nint address)
    {
        address = mmap(at, length, protection, flags, fd, 0);
        return address == -1 ? LastError() : Errno.None;
    }
}
