using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Byte-range locks that belong to an open file description (OFD), and flock(2).</content>
internal static unsafe partial class Libc
{
    private const int OfdGetLock = 36;
    private const int OfdSetLock = 37;
    private const int OfdSetLockWait = 38;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl_lock(SafeFd fd, int command, LockRange* range);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFd fd, int operation);

    /// <summary>
    /// fcntl(2) F_OFD_SETLK or, when <paramref name="wait"/>, F_OFD_SETLKW; retried on EINTR. The lock goes with the
    /// last descriptor of the open file.
    /// </summary>
    /// <returns>EAGAIN when another holds it and not waiting; EBADF where the mode of opening does not allow it.</returns>
    internal static Errno SetRangeLock(SafeFd fd, RangeLockType type, long lowerOffset, long length, bool wait)
    {
        LockRange range = new() { Type = (short)type, Start = lowerOffset, Length = length };
        int result;
        do
        {
            result = fcntl_lock(fd, wait ? OfdSetLockWait : OfdSetLock, &range);
        }
        while (Interrupted(result));

        Errno error = Result(result);
        return error == Errno.EACCES ? Errno.EAGAIN : error;
    }

    /// <summary>fcntl(2) F_OFD_GETLK: whether a lock could be had, retried on EINTR.</summary>
    /// <param name="fd">The open file that would have it; its own locks are in nobody's way.</param>
    /// <param name="type">What is wanted; becomes that of the lock in its way, or Unlock.</param>
    /// <param name="lowerOffset">First byte; becomes that of the lock in the way.</param>
    /// <param name="length">Bytes, 0 to the end; becomes that of the lock in the way.</param>
    internal static Errno GetRangeLock(SafeFd fd, ref RangeLockType type, ref long lowerOffset, ref long length)
    {
        LockRange range = new() { Type = (short)type, Start = lowerOffset, Length = length };
        int result;
        do
        {
            result = fcntl_lock(fd, OfdGetLock, &range);
        }
        while (Interrupted(result));

        Errno error = Result(result);
        if (error == Errno.None)
        {
            (type, lowerOffset, length) = ((RangeLockType)range.Type, range.Start, range.Length);
        }

        return error;
    }

    /// <summary>
    /// flock(2) LOCK_EX, or LOCK_SH when <paramref name="shared"/>, without waiting: EAGAIN when another open file holds it.
    /// Retried on EINTR.
    /// </summary>
    internal static Errno TryLockWhole(SafeFd fd, bool shared = false)
    {
        const int besideOthers = 1;
        const int exclusive = 2;
        const int nonBlocking = 4;
        int result;
        do
        {
            result = flock(fd, (shared ? besideOthers : exclusive) | nonBlocking);
        }
        while (Interrupted(result));

        return Result(result);
    }

    /// <summary>struct flock of a 64-bit Linux (asm-generic/fcntl.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LockRange
    {
        /// <summary><see cref="RangeLockType"/>.</summary>
        internal short Type;

        /// <summary>SEEK_SET (0): <see cref="Start"/> counts from the start of the file.</summary>
        internal short Whence;

        private readonly int _padding0;

        /// <summary>First byte.</summary>
        internal long Start;

        /// <summary>Length in bytes; 0 means to the end of the file.</summary>
        internal long Length;

        /// <summary>0 for an OFD lock.</summary>
        internal int Process;

        private readonly int _padding1;
    }
}

/// <summary>F_RDLCK, F_WRLCK, F_UNLCK (asm-generic/fcntl.h).</summary>
internal enum RangeLockType
{
    /// <summary>Shared.</summary>
    Read = 0,

    /// <summary>Exclusive.</summary>
    Write = 1,

    /// <summary>Released.</summary>
    Unlock = 2,
}
