using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Content: reading, writing, size, allocation, synchronisation. All offsets are lower offsets in bytes.</content>
internal static unsafe partial class Libc
{
    /// <summary>The most segments that one vectored call takes (UIO_MAXIOV).</summary>
    internal const int MaxSegments = 1024;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(SafeFd fd, byte* buf, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(SafeFd fd, byte* buf, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint preadv(SafeFd fd, IoSegment* segments, int count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwritev(SafeFd fd, IoSegment* segments, int count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(SafeFd fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFd fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFd fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFd fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFd fd, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFd fd, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint copy_file_range(
        SafeFd source, long* sourceOffset, SafeFd destination, long* destinationOffset, nuint length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_fadvise(SafeFd fd, long offset, long length, int advice);

    /// <summary>pread(2), retried on EINTR; may read fewer bytes than asked, 0 at the end of the file.</summary>
    internal static Errno PRead(SafeFd fd, Span<byte> buffer, long lowerOffset, out int count)
    {
        nint result;
        fixed (byte* pointer = buffer)
        {
            do
            {
                result = pread(fd, pointer, (nuint)buffer.Length, lowerOffset);
            }
            while (Interrupted(result));
        }

        Errno error = Result(result);
        count = error == Errno.None ? (int)result : 0;
        return error;
    }

    /// <summary>pread(2) until the buffer is full or the file ends.</summary>
    internal static Errno PReadFully(SafeFd fd, Span<byte> buffer, long lowerOffset, out int count)
    {
        count = 0;
        while (count < buffer.Length)
        {
            Errno error = PRead(fd, buffer[count..], lowerOffset + count, out int read);
            if (error != Errno.None)
            {
                return error;
            }

            if (read == 0)
            {
                break;
            }

            count += read;
        }

        return Errno.None;
    }

    /// <summary>pwrite(2), retried on EINTR; may write fewer bytes than asked.</summary>
    internal static Errno PWrite(SafeFd fd, ReadOnlySpan<byte> buffer, long lowerOffset, out int count)
    {
        nint result;
        fixed (byte* pointer = buffer)
        {
            do
            {
                result = pwrite(fd, pointer, (nuint)buffer.Length, lowerOffset);
            }
            while (Interrupted(result));
        }

        Errno error = Result(result);
        count = error == Errno.None ? (int)result : 0;
        return error;
    }

    /// <summary>pwrite(2) until all is written; <paramref name="count"/> tells how much was when it fails.</summary>
    internal static Errno PWriteFully(SafeFd fd, ReadOnlySpan<byte> buffer, long lowerOffset, out int count)
    {
        count = 0;
        while (count < buffer.Length)
        {
            Errno error = PWrite(fd, buffer[count..], lowerOffset + count, out int written);
            if (error != Errno.None)
            {
                return error;
            }

            if (written == 0)
            {
                return Errno.EIO;
            }

            count += written;
        }

        return Errno.None;
    }

    /// <summary>preadv(2), retried on EINTR; at most <see cref="MaxSegments"/> segments, which stay pinned by the caller.</summary>
    internal static Errno PReadV(SafeFd fd, ReadOnlySpan<IoSegment> segments, long lowerOffset, out int count)
    {
        nint result;
        fixed (IoSegment* pointer = segments)
        {
            do
            {
                result = preadv(fd, pointer, segments.Length, lowerOffset);
            }
            while (Interrupted(result));
        }

        Errno error = Result(result);
        count = error == Errno.None ? (int)result : 0;
        return error;
    }

    /// <summary>pwritev(2), retried on EINTR; at most <see cref="MaxSegments"/> segments, which stay pinned by the caller.</summary>
    internal static Errno PWriteV(SafeFd fd, ReadOnlySpan<IoSegment> segments, long lowerOffset, out int count)
    {
        nint result;
        fixed (IoSegment* pointer = segments)
        {
            do
            {
                result = pwritev(fd, pointer, segments.Length, lowerOffset);
            }
            while (Interrupted(result));
        }

        Errno error = Result(result);
        count = error == Errno.None ? (int)result : 0;
        return error;
    }

    /// <summary>ftruncate(2), retried on EINTR.</summary>
    internal static Errno Truncate(SafeFd fd, long lowerSize)
    {
        int result;
        do
        {
            result = ftruncate(fd, lowerSize);
        }
        while (Interrupted(result));

        return Result(result);
    }

    /// <summary>fsync(2), or fdatasync(2) with <paramref name="dataOnly"/>; retried on EINTR.</summary>
    internal static Errno Sync(SafeFd fd, bool dataOnly)
    {
        int result;
        do
        {
            result = dataOnly ? fdatasync(fd) : fsync(fd);
        }
        while (Interrupted(result));

        return Result(result);
    }

    /// <summary>syncfs(2) of the filesystem that holds <paramref name="fd"/> (not O_PATH); retried on EINTR.</summary>
    internal static Errno SyncFilesystem(SafeFd fd)
    {
        int result;
        do
        {
            result = syncfs(fd);
        }
        while (Interrupted(result));

        return Result(result);
    }

    /// <summary>fallocate(2) with FALLOC_FL_* <paramref name="mode"/>, retried on EINTR.</summary>
    internal static Errno Allocate(SafeFd fd, int mode, long lowerOffset, long length)
    {
        int result;
        do
        {
            result = fallocate(fd, mode, lowerOffset, length);
        }
        while (Interrupted(result));

        return Result(result);
    }

    /// <summary>lseek(2) with SEEK_DATA (3) or SEEK_HOLE (4); ENXIO past the end.</summary>
    internal static Errno Seek(SafeFd fd, long lowerOffset, int whence, out long position)
    {
        position = lseek(fd, lowerOffset, whence);
        return position < 0 ? LastError : Errno.None;
    }

    /// <summary>copy_file_range(2) without moving file offsets, retried on EINTR; may copy less than asked.</summary>
    internal static Errno CopyRange(
        SafeFd source, long sourceOffset, SafeFd destination, long destinationOffset, long length, out long copied)
    {
        nint result;
        do
        {
            long from = sourceOffset;
            long to = destinationOffset;
            result = copy_file_range(source, &from, destination, &to, (nuint)length, 0);
        }
        while (Interrupted(result));

        Errno error = Result(result);
        copied = error == Errno.None ? result : 0;
        return error;
    }

    /// <summary>posix_fadvise(2): POSIX_FADV_* <paramref name="advice"/>; length 0 means to the end of the file.</summary>
    internal static Errno Advise(SafeFd fd, long lowerOffset, long length, int advice) =>
        (Errno)posix_fadvise(fd, lowerOffset, length, advice);
}

/// <summary>struct iovec (linux/uio.h): memory that the caller keeps pinned during the call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoSegment
{
    /// <summary>First byte.</summary>
    internal byte* Base;

    /// <summary>Length in bytes.</summary>
    internal nuint Length;
}

/// <summary>FALLOC_FL_* (linux/falloc.h), SEEK_* (linux/fs.h) and POSIX_FADV_* (linux/fadvise.h) numbers.</summary>
internal static class DataFlags
{
    /// <summary>FALLOC_FL_KEEP_SIZE.</summary>
    internal const int KeepSize = 0x01;

    /// <summary>FALLOC_FL_PUNCH_HOLE; needs <see cref="KeepSize"/>.</summary>
    internal const int PunchHole = 0x02;

    /// <summary>FALLOC_FL_COLLAPSE_RANGE.</summary>
    internal const int CollapseRange = 0x08;

    /// <summary>FALLOC_FL_ZERO_RANGE.</summary>
    internal const int ZeroRange = 0x10;

    /// <summary>FALLOC_FL_INSERT_RANGE.</summary>
    internal const int InsertRange = 0x20;

    /// <summary>FALLOC_FL_UNSHARE_RANGE.</summary>
    internal const int UnshareRange = 0x40;

    /// <summary>SEEK_DATA.</summary>
    internal const int SeekData = 3;

    /// <summary>SEEK_HOLE.</summary>
    internal const int SeekHole = 4;

    /// <summary>POSIX_FADV_RANDOM.</summary>
    internal const int AdviseRandom = 1;

    /// <summary>POSIX_FADV_SEQUENTIAL.</summary>
    internal const int AdviseSequential = 2;

    /// <summary>POSIX_FADV_DONTNEED.</summary>
    internal const int AdviseDontNeed = 4;
}
