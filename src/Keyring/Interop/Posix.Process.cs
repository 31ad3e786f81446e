using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>Time that runs while the machine sleeps, and sessions.</summary>
internal static unsafe partial class Posix
{
    private const int CLOCK_BOOTTIME = 7;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, long* secondsAndNanoseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsid();

    /// <summary>Milliseconds of CLOCK_BOOTTIME.</summary>
    internal static long BootMilliseconds()
    {
        long* time = stackalloc long[2];
        // Fails for an unknown clock only, and Linux has had this one since 2.6.39.
        _ = clock_gettime(CLOCK_BOOTTIME, time);
        return (time[0] * 1000) + (time[1] / 1_000_000);
    }

    /// <summary>setsid(2): no controlling terminal any more, whose hang-up would end this process.</summary>
    internal static Errno LeaveSession() => Check(setsid());
}
