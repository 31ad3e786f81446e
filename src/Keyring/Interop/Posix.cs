using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>
/// The system calls that key handling needs. A native signature is private and keeps its native name; the wrapper
/// beside it returns <see cref="Errno"/>, so that callers never see -1. Not called Libc: the filesystem library has that
/// one, and tests see both.
/// </summary>
internal static partial class Posix
{
    private static Errno LastError() => (Errno)Marshal.GetLastPInvokeError();

    private static Errno Check(int result) => result < 0 ? LastError() : Errno.None;
}
