using StackFs.Keyring.Interop;

namespace StackFs.Content.Ecryptfs;

/// <summary>A file that the mount passes through: lower octets are upper octets.</summary>
internal sealed class PassthroughFile(LowerFile lower, long size) : OpenFile
{
    private long _size = size;

    /// <inheritdoc/>
    public override long Size => Volatile.Read(ref _size);

    /// <inheritdoc/>
    public override bool NeedsSeal => false;

    /// <inheritdoc/>
    public override Errno Read(long upperOffset, Span<byte> destination, ContentScratch scratch, out int count) =>
        lower.Read(upperOffset, destination, out count);

    /// <inheritdoc/>
    public override Errno Write(long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, out int count)
    {
        Errno error = lower.Write(upperOffset, source, out count);
        long end = upperOffset + count;
        long seen = Size;
        while (end > seen)
        {
            long before = Interlocked.CompareExchange(ref _size, end, seen);
            if (before == seen)
            {
                break;
            }

            seen = before;
        }

        return error;
    }

    /// <inheritdoc/>
    public override Errno Truncate(long size, ContentScratch scratch)
    {
        Errno error = lower.SetLength(size);
        if (error == Errno.None)
        {
            Volatile.Write(ref _size, size);
        }

        return error;
    }

    /// <inheritdoc/>
    public override Errno Seal(ContentScratch scratch) => Errno.None;

    /// <inheritdoc/>
    public override Errno Sync(bool dataOnly, ContentScratch scratch) => lower.Sync(dataOnly);

    /// <inheritdoc/>
    public override Errno SeekData(long upperOffset, ContentScratch scratch, out long found) =>
        lower.SeekData(upperOffset, out found);

    /// <inheritdoc/>
    public override Errno SeekHole(long upperOffset, ContentScratch scratch, out long found) => lower.SeekHole(upperOffset, out found);

    /// <inheritdoc/>
    public override Errno Allocate(int mode, long upperOffset, long length, ContentScratch scratch)
    {
        Errno error = lower.Allocate(mode, upperOffset, length);
        if (error == Errno.None)
        {
            error = lower.GetLength(out long now);
            Volatile.Write(ref _size, error == Errno.None ? now : Size);
        }

        return error;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lower.Dispose();
        }

        base.Dispose(disposing);
    }
}
