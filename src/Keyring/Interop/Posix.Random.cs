using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>The kernel's random number generator: getrandom(2).</summary>
internal static unsafe partial class Posix
{
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getrandom(byte* buffer, nuint length, uint flags);

    /// <summary>
    /// getrandom(2) without flags: waits once after boot until the generator is seeded; retried on EINTR and on short
    /// answers (above 256 bytes a signal may cut it).
    /// </summary>
    internal static Errno GetRandom(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            int done = 0;
            while (done < buffer.Length)
            {
                nint count = getrandom(start + done, (nuint)(buffer.Length - done), 0);
                if (count >= 0)
                {
                    done += (int)count;
                    continue;
                }

                Errno error = LastError();
                if (error != Errno.EINTR)
                {
                    return error;
                }
            }
        }

        return Errno.None;
    }
}
