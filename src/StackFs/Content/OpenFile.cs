using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <summary>The content of one lower file while it is open: upper bytes in and out, and the upper size.</summary>
/// <remarks>
/// One object for each open lower inode, shared by all its handles; several threads may call it at once. Offsets and sizes
/// are upper ones, in bytes, never negative unless said. Each call gets the calling thread's <see cref="ContentScratch"/>;
/// reading and writing allocate nothing. Errors of the lower filesystem are passed on as they are.
/// </remarks>
internal abstract class OpenFile : IDisposable
{
    /// <summary>The upper size now.</summary>
    public abstract long Size { get; }

    /// <summary>
    /// Whether the lower file told, before it was opened, another size than the true one: a crash, or somebody changed it.
    /// What was told by then, to the kernel too, is wrong.
    /// </summary>
    public virtual bool IsSizeMisleading => false;

    /// <summary>
    /// Whether there is data that nothing can read any more: reading and writing answer EIO, truncating to nothing gives it up.
    /// </summary>
    public virtual bool IsLost => false;

    /// <summary>Whether the mount only reads it, although the lower file may be open for writing.</summary>
    public virtual bool IsReadOnly => false;

    /// <summary>Whether something was written that <see cref="Seal"/> has not settled.</summary>
    public abstract bool NeedsSeal { get; }

    /// <summary>
    /// Makes of a lower file just created, without a byte in it, an empty file of the format; nothing in a format in which it
    /// already is one.
    /// </summary>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <returns>ENOSPC and what else the lower filesystem answers; the lower file is then without a byte again.</returns>
    public virtual Errno Prepare(ContentScratch scratch) => Errno.None;

    /// <summary>Reads upper bytes.</summary>
    /// <param name="upperOffset">Where to begin; past the end reads nothing.</param>
    /// <param name="destination">Filled from its start.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <param name="count">
    /// Bytes read: less than asked only at the end of the file or before the extent that gave the error.
    /// </param>
    /// <returns>
    /// EIO when an extent in the range is damaged or erased; the extents before it are in <paramref name="destination"/>, and
    /// others of the file still read.
    /// </returns>
    public abstract Errno Read(long upperOffset, Span<byte> destination, ContentScratch scratch, out int count);

    /// <summary>Writes upper bytes; a write past the end leaves a gap that reads as zeros.</summary>
    /// <param name="upperOffset">Where to begin.</param>
    /// <param name="source">What to write; left as it is.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <param name="count">Bytes that are in the file now; less than asked only with a lower error after them.</param>
    /// <returns>
    /// An error only if nothing was written: ENOSPC, EDQUOT, EIO and what else the lower filesystem answers; EIO when an
    /// extent that is only partly overwritten is damaged; EFBIG past the format's range. After an error everything outside
    /// the range is as it was.
    /// </returns>
    public abstract Errno Write(long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, out int count);

    /// <summary>
    /// Writes upper bytes at the end of the file, wherever that is by now: as one step, also beside other clients of the
    /// lower file where the mount is shared with them.
    /// </summary>
    /// <param name="source">What to write; left as it is.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <param name="count">As for <see cref="Write"/>.</param>
    /// <returns>As <see cref="Write"/>.</returns>
    public virtual Errno Append(ReadOnlySpan<byte> source, ContentScratch scratch, out int count) =>
        Write(Size, source, scratch, out count);

    /// <summary>
    /// Takes in what other clients of the lower file have made of it, so that <see cref="Size"/> is the one of now; does
    /// nothing where nobody else writes.
    /// </summary>
    /// <returns>ESTALE where the file was replaced; what the lower filesystem answers.</returns>
    public virtual Errno Refresh(ContentScratch scratch) => Errno.None;

    /// <summary>
    /// Sets the upper size: what is cut is gone, what is added reads as zeros and takes no room but for its last extent.
    /// </summary>
    /// <param name="size">The new size in bytes.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <returns>
    /// EFBIG past the format's range; EIO when the extent that becomes the last is damaged. After an error of a shrinking
    /// truncate the size may be the new one: what was to go is gone.
    /// </returns>
    public abstract Errno Truncate(long size, ContentScratch scratch);

    /// <summary>
    /// Makes the lower file say by its size, or where its format keeps it, what the upper size is, and settles what writing
    /// has left open. Does nothing to a file that was not changed.
    /// </summary>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <returns>The first lower error; what could be done is done, and the next call tries the rest again.</returns>
    public abstract Errno Seal(ContentScratch scratch);

    /// <summary>As <see cref="Seal"/>, where the caller sets the modification time next: it need not be kept.</summary>
    /// <param name="scratch">The calling thread's buffers.</param>
    public virtual Errno SealBeforeTimes(ContentScratch scratch) => Seal(scratch);

    /// <summary>Seals the file and makes it durable: fdatasync(2) with <paramref name="dataOnly"/>, else fsync(2).</summary>
    /// <param name="dataOnly">Whether metadata that reading does not need may stay behind.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    public abstract Errno Sync(bool dataOnly, ContentScratch scratch);

    /// <summary>The next byte of data at or after an upper offset, lseek(2) SEEK_DATA.</summary>
    /// <param name="upperOffset">May be negative.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <param name="found">Where it is.</param>
    /// <returns>ENXIO for a negative offset, at or past the end, and where only a hole follows.</returns>
    public abstract Errno SeekData(long upperOffset, ContentScratch scratch, out long found);

    /// <summary>The next hole at or after an upper offset, lseek(2) SEEK_HOLE; the end of the file is one.</summary>
    /// <param name="upperOffset">May be negative.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <param name="found">Where it is.</param>
    /// <returns>ENXIO for a negative offset, and at or past the end.</returns>
    public abstract Errno SeekHole(long upperOffset, ContentScratch scratch, out long found);

    /// <summary>fallocate(2): allocate, punch a hole, zero a range.</summary>
    /// <param name="mode">FALLOC_FL_ bits: 0, KEEP_SIZE, PUNCH_HOLE with KEEP_SIZE, ZERO_RANGE with or without it.</param>
    /// <param name="upperOffset">First byte; may be negative.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <returns>
    /// EINVAL for a negative offset or no length; EOPNOTSUPP for modes that move data, which extents cannot follow, and for
    /// those that the lower filesystem lacks; EFBIG and EIO as for a write.
    /// </returns>
    public abstract Errno Allocate(int mode, long upperOffset, long length, ContentScratch scratch);

    /// <summary>
    /// Wipes keys and plaintext; the lower file stays open. Until <see cref="TakeKeys"/>, whatever needs a key answers
    /// ENOKEY. Nothing for a format whose keys are not lent.
    /// </summary>
    public virtual void DropKeys()
    {
    }

    /// <summary>Gets the keys again after <see cref="DropKeys"/>, from the lower file's header.</summary>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <returns>
    /// ENOKEY when the volume key is not there; ESTALE when another file's header is in its place; EIO for a header that does
    /// not authenticate; errors of the lower filesystem. The file answers that error from then on.
    /// </returns>
    public virtual Errno TakeKeys(ContentScratch scratch) => Errno.None;

    /// <summary>
    /// Closes the lower file and wipes keys and plaintext. The last user has gone; what is not sealed stays so.
    /// </summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Does it.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
