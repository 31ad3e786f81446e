using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Waking a thread that waits in a system call, which then answers EINTR.</content>
internal static unsafe partial class Libc
{
    // asm-generic/signal.h. Ignored by default, used by nothing here: the runtime has SIGRTMIN and those it documents.
    private const int SIGURG = 23;

    private static readonly Errno WakeReady = InstallWake();

    [LibraryImport("libc")]
    private static partial int gettid();

    [LibraryImport("libc")]
    private static partial int getpid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tgkill(int process, int thread, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sigaction(int signal, SignalAction* action, SignalAction* former);

    /// <summary>gettid(2).</summary>
    internal static int CurrentThread => gettid();

    /// <summary>Makes <see cref="Wake"/> possible; once a process.</summary>
    /// <exception cref="InvalidOperationException">The signal cannot be handled, which no Linux refuses.</exception>
    internal static void PrepareToWake()
    {
        if (WakeReady != Errno.None)
        {
            throw new InvalidOperationException($"sigaction failed: {WakeReady}");
        }
    }

    /// <summary>
    /// Interrupts the system call that a thread of this process waits in. Does nothing to one that waits for nothing, or has
    /// ended: who wants to be sure asks again.
    /// </summary>
    /// <param name="thread">As <see cref="CurrentThread"/> gave it.</param>
    internal static void Wake(int thread) => _ = tgkill(getpid(), thread, SIGURG);

    private static Errno InstallWake()
    {
        // The handler has nothing to do. Managed code may not run in one, so it is a function of the C library that does
        // nothing: abs(3). Without SA_RESTART, so that the call returns.
        nint library = NativeLibrary.Load("libc.so.6");
        SignalAction action = new() { Handler = NativeLibrary.GetExport(library, "abs") };
        return Result(sigaction(SIGURG, &action, null));
    }

    /// <summary>glibc's struct sigaction, bits/sigaction.h: the same on x86-64 and arm64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SignalAction
    {
        internal nint Handler;
        internal fixed ulong Mask[16];
        internal int Flags;
        private readonly int _padding;
        private readonly nint _restorer;
    }
}
