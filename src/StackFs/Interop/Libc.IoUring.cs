using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>io_uring_setup(2), io_uring_enter(2), io_uring_register(2), and the mappings of a ring. The C library has no wrappers.</content>
internal static unsafe partial class Libc
{
    // asm-generic/unistd.h; x86-64 and arm64 share the numbers.
    private const nint IoUringSetupNumber = 425;
    private const nint IoUringEnterNumber = 426;
    private const nint IoUringRegisterNumber = 427;

    // linux/io_uring.h: IORING_REGISTER_ENABLE_RINGS, IORING_ENTER_GETEVENTS.
    private const uint EnableRings = 12;
    private const uint GetEvents = 1;

    // sys/mman.h, MAP_POPULATE: the ring's few pages at once, not by faults.
    private const int ReadWriteProtection = 3;
    private const int SharedPopulated = 0x8001;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall_io_uring_setup(nint number, nuint entries, IoUringParameters* parameters);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall_io_uring_enter(
        nint number, SafeFd ring, nuint submit, nuint wait, nuint flags, void* argument, nuint argumentSize);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall_io_uring_register(
        nint number, SafeFd ring, nuint operation, void* argument, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFd fd, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);

    /// <summary>io_uring_setup(2). The ring's descriptor is closed on exec.</summary>
    /// <param name="entries">Submissions that fit.</param>
    /// <param name="parameters">Flags in, sizes and offsets out.</param>
    /// <param name="ring">Owned by the caller; null on failure.</param>
    /// <returns>ENOSYS or EPERM where io_uring is not to be had, EINVAL where the kernel does not know a flag.</returns>
    internal static Errno SetUpIoUring(uint entries, ref IoUringParameters parameters, out SafeFd? ring)
    {
        nint fd;
        Errno error;
        fixed (IoUringParameters* pointer = &parameters)
        {
            fd = syscall_io_uring_setup(IoUringSetupNumber, entries, pointer);
            error = Result(fd);
        }

        ring = error == Errno.None ? new SafeFd((int)fd) : null;
        return error;
    }

    /// <summary>
    /// io_uring_enter(2): hands over submissions, then waits for completions. Not retried: a signal that comes while it
    /// waits is how a thread is woken.
    /// </summary>
    /// <param name="ring">The ring.</param>
    /// <param name="submit">How many submissions.</param>
    /// <param name="wait">How many completions to wait for; 0 only hands over.</param>
    /// <returns>EINTR only where nothing was submitted; the completions tell what became of the rest.</returns>
    internal static Errno EnterIoUring(SafeFd ring, uint submit, uint wait) => Result(
        syscall_io_uring_enter(IoUringEnterNumber, ring, submit, wait, GetEvents, null, 0));

    /// <summary>io_uring_register(2), ENABLE_RINGS: a ring set up disabled belongs to the calling thread from now on.</summary>
    internal static Errno EnableIoUring(SafeFd ring) =>
        Result(syscall_io_uring_register(IoUringRegisterNumber, ring, EnableRings, null, 0));

    /// <summary>mmap(2) of a part of <paramref name="fd"/>, shared, to read and write. The caller unmaps it.</summary>
    internal static Errno MapShared(SafeFd fd, nuint length, long offset, out nint address)
    {
        address = mmap(0, length, ReadWriteProtection, SharedPopulated, fd, offset);
        return address == -1 ? LastError : Errno.None;
    }

    /// <summary>munmap(2) of a whole mapping, which cannot fail.</summary>
    internal static void Unmap(nint address, nuint length) => _ = munmap(address, length);
}
