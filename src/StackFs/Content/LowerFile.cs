using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <summary>
/// One lower file as the content engine sees it: bytes at offsets, a length, holes, and a lock on its header page.
/// <see cref="DescriptorFile"/> is the real one; the crash tests run the engine over a model that records every change.
/// </summary>
/// <remarks>
/// Every member may be called by several threads at once. Offsets and lengths are lower ones, in bytes, and belong to
/// no shared file position. Nothing here retries a short write: the engine decides what a part means.
/// </remarks>
internal abstract class LowerFile : IDisposable
{
    /// <summary>The file's length now, fstat(2).</summary>
    public abstract Errno GetLength(out long length);

    /// <summary>
    /// Reads until <paramref name="buffer"/> is full or the file ends, whichever is first; <paramref name="count"/> says
    /// how much. EIO, ESTALE and what else the lower filesystem answers.
    /// </summary>
    public abstract Errno Read(long lowerOffset, Span<byte> buffer, out int count);

    /// <summary>
    /// One pwrite(2). <paramref name="count"/> may be less than asked; it is 0 when the result is an error: ENOSPC, EDQUOT,
    /// EFBIG, EIO and what else the lower filesystem answers.
    /// </summary>
    public abstract Errno Write(long lowerOffset, ReadOnlySpan<byte> data, out int count);

    /// <summary>Sets the length, ftruncate(2): what is added is a hole, what is cut is gone.</summary>
    public abstract Errno SetLength(long length);

    /// <summary>
    /// As <see cref="SetLength"/>, and leaves access and modification time as they were. For a change of length that
    /// only seals, which no program asked for.
    /// </summary>
    public abstract Errno SetLengthKeepingTimes(long length);

    /// <summary>Makes what was written durable: fdatasync(2) or fsync(2).</summary>
    public abstract Errno Sync(bool dataOnly);

    /// <summary>The first byte of data at or after an offset; ENXIO where there is none, lseek(2) SEEK_DATA.</summary>
    public abstract Errno SeekData(long lowerOffset, out long found);

    /// <summary>The first byte of a hole at or after an offset; the end of the file counts as one, lseek(2) SEEK_HOLE.</summary>
    public abstract Errno SeekHole(long lowerOffset, out long found);

    /// <summary>
    /// fallocate(2) with the kernel's FALLOC_FL_ bits in <paramref name="mode"/>; EOPNOTSUPP where the lower filesystem has
    /// no such mode.
    /// </summary>
    public abstract Errno Allocate(int mode, long lowerOffset, long length);

    /// <summary>
    /// Takes the lock on the header page, against every other open of the lower file on any machine that honours locks;
    /// waits for it. Locks of the open file description (OFD): they do not mix with a program's own.
    /// </summary>
    /// <param name="forWriting">Alone, for which the file must be open for writing; else beside others that read.</param>
    public abstract Errno LockHeader(bool forWriting);

    /// <summary>Gives back the lock of <see cref="LockHeader"/>.</summary>
    public abstract void UnlockHeader();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the lower file.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
