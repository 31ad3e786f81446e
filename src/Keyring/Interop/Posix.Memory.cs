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

    private const uint MFD_CLOEXEC = 1;
    private const uint MFD_ALLOW_SEALING = 2;
    private const int F_ADD_SEALS = 1033;
    private const int F_GET_SEALS = 1034;
    private const int LengthSeals = 0x1 | 0x2 | 0x4; // F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW
    private const ulong SECRETMEM_MAGIC = 0x5345434d; // linux/magic.h

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
    private static partial int memfd_create(byte* name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatfs(int fd, ulong* status);

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

    /// <summary>memfd_create(2): memory with a descriptor, which may be sealed.</summary>
    internal static Errno MemFdCreate(out SafeFd fd)
    {
        fixed (byte* name = "stackfs"u8)
        {
            int result = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
            Errno error = Check(result);
            fd = new SafeFd(result);
            return error;
        }
    }

    /// <summary>fcntl(2), F_ADD_SEALS: the memory can neither shrink nor grow any more, nor lose these seals.</summary>
    internal static Errno SealLength(SafeFd fd)
    {
        Errno error = Check(fcntl(fd.Number, F_ADD_SEALS, LengthSeals));
        GC.KeepAlive(fd);
        return error;
    }

    /// <summary>
    /// Whether a descriptor is memory whose length cannot change: memfd_secret(2) with a length, or memfd_create(2)
    /// sealed. Anything else may be cut off under a mapping.
    /// </summary>
    internal static bool IsFixedMemory(SafeFd fd)
    {
        if (IsSecretMemory(fd))
        {
            return true;
        }

        int seals = fcntl(fd.Number, F_GET_SEALS, 0);
        GC.KeepAlive(fd);
        return seals >= 0 && (seals & LengthSeals) == LengthSeals;
    }

    /// <summary>Whether a descriptor is of memfd_secret(2), whose mappings are locked and out of dumps by themselves.</summary>
    internal static bool IsSecretMemory(SafeFd fd)
    {
        // struct statfs is 120 bytes, f_type first, on 64-bit architectures.
        ulong* status = stackalloc ulong[32];
        bool secret = fstatfs(fd.Number, status) == 0 && *status == SECRETMEM_MAGIC;
        GC.KeepAlive(fd);
        return secret;
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
