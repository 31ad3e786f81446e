using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>poll(2) of one descriptor.</content>
internal static unsafe partial class Libc
{
    // poll.h.
    private const short PollIn = 0x01;
    private const short PollError = 0x08;
    private const short PollHangUp = 0x10;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    /// <summary>Whether a read of <paramref name="fd"/> would find something now; does not wait.</summary>
    internal static bool HasInput(SafeFd fd) => (Poll(fd, PollIn, 0) & PollIn) != 0;

    /// <summary>Waits until <paramref name="fd"/> has hung up or failed.</summary>
    /// <returns>False when that did not happen in time.</returns>
    internal static bool WaitForHangUp(SafeFd fd, int milliseconds) =>
        (Poll(fd, 0, milliseconds) & (PollError | PollHangUp)) != 0;

    // What happened of the events wanted, and of those that are always told; nothing after the time. Retried on EINTR.
    private static short Poll(SafeFd fd, short wanted, int milliseconds)
    {
        PollEntry entry = new() { Number = fd.Number, Wanted = wanted };
        int count;
        do
        {
            count = poll(&entry, 1, milliseconds);
        }
        while (Interrupted(count));

        GC.KeepAlive(fd);
        return count > 0 ? entry.Happened : (short)0;
    }

    /// <summary>poll.h, struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        internal int Number;
        internal short Wanted;
        internal short Happened;
    }
}
