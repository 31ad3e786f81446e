using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Interop;

/// <summary>Process, session and descriptor calls that only the command line needs.</summary>
internal static unsafe partial class Posix
{
    private const int CloseOnExec = 0x80000; // O_CLOEXEC, the same on x86-64 and arm64
    private const int ReadWrite = 2; // O_RDWR
    private const int GetFdFlags = 1; // F_GETFD
    private const int SetFdFlags = 2; // F_SETFD
    private const int FdCloseOnExec = 1; // FD_CLOEXEC
    private const int PidFdOpen = 434; // SYS_pidfd_open, one number on every architecture
    private const short Readable = 1; // POLLIN

    /// <summary>geteuid(2).</summary>
    internal static uint EffectiveUser => geteuid();

    /// <summary>pipe2(2) with O_CLOEXEC.</summary>
    internal static Errno Pipe(out SafeFd read, out SafeFd write)
    {
        int* ends = stackalloc int[2];
        Errno errno = Result(pipe2(ends, CloseOnExec));
        read = new SafeFd(errno == Errno.None ? ends[0] : -1);
        write = new SafeFd(errno == Errno.None ? ends[1] : -1);
        return errno;
    }

    /// <summary>Keeps an inherited descriptor from the programs that this one starts; EBADF where it is not open.</summary>
    internal static Errno SetCloseOnExec(int fd) => Result(fcntl(fd, SetFdFlags, FdCloseOnExec));

    /// <summary>Whether a descriptor is kept from the programs that this one starts; false where it is not open.</summary>
    internal static bool IsCloseOnExec(int fd) => fcntl(fd, GetFdFlags, 0) is >= 0 and int flags && (flags & FdCloseOnExec) != 0;

    /// <summary>setsid(2): leaves the session and its terminal.</summary>
    internal static Errno NewSession() => Result(setsid());

    /// <summary>Opens /dev/null.</summary>
    internal static Errno OpenNull(out SafeFd nothing)
    {
        int fd;
        fixed (byte* path = "/dev/null\0"u8)
        {
            fd = open(path, ReadWrite | CloseOnExec, 0);
        }

        nothing = new SafeFd(fd);
        return Result(fd);
    }

    /// <summary>dup3(2): lets the descriptor number <paramref name="fd"/> lead to another file.</summary>
    internal static Errno Replace(int fd, SafeFd by, bool closeOnExec) => Result(dup3(by, fd, closeOnExec ? CloseOnExec : 0));

    /// <summary>setenv(3): for the native environment, which execve(2) passes on.</summary>
    /// <param name="name">With its terminating zero.</param>
    /// <param name="value">With its terminating zero.</param>
    internal static Errno SetEnvironment(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* nativeName = name, nativeValue = value)
        {
            return Result(setenv(nativeName, nativeValue, 1));
        }
    }

    /// <summary>execve(2) of this program again in this process. Returns only when it failed.</summary>
    /// <param name="commandLine">/proc/self/cmdline: each argument with its terminating zero.</param>
    internal static Errno ExecuteSelfAgain(ReadOnlySpan<byte> commandLine)
    {
        nint[] argv = new nint[commandLine.Count((byte)0) + 1];
        nint environment = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");
        fixed (byte* path = "/proc/self/exe\0"u8, text = commandLine)
        fixed (nint* list = argv)
        {
            int start = 0;
            for (int i = 0; i < argv.Length - 1; i++)
            {
                list[i] = (nint)(text + start);
                start += commandLine[start..].IndexOf((byte)0) + 1;
            }

            return Result(execve(path, (byte**)list, *(byte***)environment));
        }
    }

    /// <summary>pidfd_open(2).</summary>
    internal static Errno OpenProcess(int pid, out SafeFd pidfd)
    {
        int result = (int)syscall(PidFdOpen, pid, 0);
        pidfd = new SafeFd(result);
        return Result(result);
    }

    /// <summary>Waits until a process, which need not be a child, has ended.</summary>
    /// <returns><see cref="Errno.ETIMEDOUT"/> when it still runs after <paramref name="timeout"/>.</returns>
    internal static Errno WaitForExit(SafeFd pidfd, TimeSpan timeout) => WaitForInput(pidfd, timeout);

    /// <summary>poll(2), again after EINTR: waits until there is something to read, or the other end is gone.</summary>
    /// <returns><see cref="Errno.ETIMEDOUT"/> when there is not after <paramref name="timeout"/>.</returns>
    internal static Errno WaitForInput(SafeFd fd, TimeSpan timeout)
    {
        PollFd request = new() { Fd = fd.Number, Events = Readable };
        long end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            int left = (int)Math.Clamp(end - Environment.TickCount64, 0, int.MaxValue);
            int ready = poll(&request, 1, left);
            Errno errno = ready == 0 ? Errno.ETIMEDOUT : Result(ready);
            if (errno != Errno.EINTR)
            {
                return errno;
            }
        }
    }

    /// <summary>realpath(3): the path without links, dots and repeated slashes; as given where that fails.</summary>
    internal static Errno RealPath(string path, out string resolved)
    {
        nint native = Marshal.StringToCoTaskMemUTF8(path);
        byte* result = realpath((byte*)native, null);
        Errno errno = result is null ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        resolved = result is null ? path : Marshal.PtrToStringUTF8((nint)result)!;
        NativeMemory.Free(result);
        Marshal.FreeCoTaskMem(native);
        return errno;
    }

    private static Errno Result(int result) => result < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup3(SafeFd from, int to, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setenv(byte* name, byte* value, int overwrite);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int execve(byte* path, byte** argv, byte** environment);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second);

    [LibraryImport("libc", SetLastError = true)]
    private static partial byte* realpath(byte* path, byte* resolved);

    /// <summary><c>struct pollfd</c> of poll(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }
}
