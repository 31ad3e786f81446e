using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <summary>
/// The system calls of the filesystem, one partial file per family. Native signatures are private; the wrapper beside
/// each returns <see cref="Errno"/> and documents what it does about EINTR.
/// </summary>
/// <remarks>
/// A name or path is bytes without a terminating NUL, at most <see cref="MaxPath"/> bytes; a longer one is
/// ENAMETOOLONG before the kernel is asked. Calls that change names are not retried on EINTR, since the change may
/// have happened; all others are.
/// </remarks>
[SkipLocalsInit]
internal static unsafe partial class Libc
{
    /// <summary>The longest name or relative path that a wrapper takes, in bytes.</summary>
    internal const int MaxPath = PathBufferSize - 1;

    private const int PathBufferSize = 512;

    /// <summary>The error number of the call just made; to be read as the next statement.</summary>
    private static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>Copies <paramref name="path"/> to <paramref name="buffer"/> of <see cref="PathBufferSize"/> bytes and ends it with NUL.</summary>
    private static bool Terminate(ReadOnlySpan<byte> path, byte* buffer)
    {
        if (path.Length > MaxPath)
        {
            return false;
        }

        path.CopyTo(new Span<byte>(buffer, MaxPath));
        buffer[path.Length] = 0;
        return true;
    }

    /// <summary>Turns the result of a call into a value; any negative result is an error.</summary>
    private static Errno Result(nint result) => result < 0 ? LastError : Errno.None;

    /// <summary>True when the call failed with EINTR and is to be made again.</summary>
    private static bool Interrupted(nint result) => result < 0 && LastError == Errno.EINTR;
}
