using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <summary>A lower file by its descriptor, which it owns.</summary>
internal sealed class DescriptorFile(SafeFd fd) : LowerFile
{
    private const int SeekEnd = 2;

    /// <summary>The descriptor; stays this object's.</summary>
    public SafeFd Descriptor => fd;

    // One cheap call; the shared file position that it moves is used by nobody.
    /// <inheritdoc/>
    public override Errno GetLength(out long length) => Libc.Seek(fd, 0, SeekEnd, out length);

    /// <inheritdoc/>
    public override Errno Read(long lowerOffset, Span<byte> buffer, out int count) =>
        Libc.PReadFully(fd, buffer, lowerOffset, out count);

    /// <inheritdoc/>
    public override Errno Write(long lowerOffset, ReadOnlySpan<byte> data, out int count) =>
        Libc.PWrite(fd, data, lowerOffset, out count);

    /// <inheritdoc/>
    public override Errno SetLength(long length) => Libc.Truncate(fd, length);

    /// <inheritdoc/>
    public override Errno SetLengthKeepingTimes(long length)
    {
        Errno error = Libc.Statx(fd, [], out StatxBuffer before);
        if (error != Errno.None)
        {
            return error;
        }

        error = Libc.Truncate(fd, length);
        if (error != Errno.None)
        {
            return error;
        }

        // Only the owner may set times; for anybody else the change of length shows, as any write of theirs would.
        _ = Libc.ChangeTimes(
            fd,
            [],
            new Timespec(before.AccessTime.Seconds, before.AccessTime.Nanoseconds),
            new Timespec(before.ModifyTime.Seconds, before.ModifyTime.Nanoseconds));
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Sync(bool dataOnly) => Libc.Sync(fd, dataOnly);

    /// <inheritdoc/>
    public override Errno SeekData(long lowerOffset, out long found) =>
        Libc.Seek(fd, lowerOffset, DataFlags.SeekData, out found);

    /// <inheritdoc/>
    public override Errno SeekHole(long lowerOffset, out long found) =>
        Libc.Seek(fd, lowerOffset, DataFlags.SeekHole, out found);

    /// <inheritdoc/>
    public override Errno Allocate(int mode, long lowerOffset, long length) =>
        Libc.Allocate(fd, mode, lowerOffset, length);

    /// <inheritdoc/>
    public override Errno LockHeader(bool forWriting) => Libc.SetRangeLock(
        fd, forWriting ? RangeLockType.Write : RangeLockType.Read, 0, ExtentLayout.PageSize, wait: true);

    // Unlocking a range that is locked cannot fail but for a closed descriptor.
    /// <inheritdoc/>
    public override void UnlockHeader() =>
        _ = Libc.SetRangeLock(fd, RangeLockType.Unlock, 0, ExtentLayout.PageSize, wait: false);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            fd.Dispose();
        }

        base.Dispose(disposing);
    }
}
