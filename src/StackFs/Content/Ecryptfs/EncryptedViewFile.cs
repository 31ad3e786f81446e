using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Content.Ecryptfs;

/// <summary>
/// A file in the encrypted view: its lower octets, behind a header where that is kept in the attribute. Copies of it are
/// header-mode files. Read-only.
/// </summary>
/// <param name="lower">The lower file, owned.</param>
/// <param name="header">8,192 octets that come first, or null.</param>
/// <param name="lowerSize">The lower size.</param>
internal sealed class EncryptedViewFile(LowerFile lower, byte[]? header, long lowerSize) : OpenFile
{
    /// <inheritdoc/>
    public override long Size => (header?.Length ?? 0) + lowerSize;

    /// <inheritdoc/>
    public override bool NeedsSeal => false;

    /// <summary>What the view makes of a size: more by the header that is kept in the attribute.</summary>
    internal static long SizeOf(long lowerSize, bool metadataInAttribute) =>
        lowerSize + (metadataInAttribute ? EcryptfsFormat.NewHeaderSize : 0);

    /// <inheritdoc/>
    public override Errno Read(long upperOffset, Span<byte> destination, ContentScratch scratch, out int count)
    {
        count = 0;
        int front = header?.Length ?? 0;
        if (upperOffset < front)
        {
            count = (int)Math.Min(front - upperOffset, destination.Length);
            header.AsSpan((int)upperOffset, count).CopyTo(destination);
        }

        if (count == destination.Length)
        {
            return Errno.None;
        }

        Errno error = lower.Read(upperOffset + count - front, destination[count..], out int got);
        count += got;
        return error;
    }

    /// <inheritdoc/>
    public override Errno Write(long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, out int count)
    {
        count = 0;
        return Errno.EROFS;
    }

    /// <inheritdoc/>
    public override Errno Truncate(long size, ContentScratch scratch) => Errno.EROFS;

    /// <inheritdoc/>
    public override Errno Seal(ContentScratch scratch) => Errno.None;

    /// <inheritdoc/>
    public override Errno Sync(bool dataOnly, ContentScratch scratch) => Errno.None;

    /// <inheritdoc/>
    public override Errno SeekData(long upperOffset, ContentScratch scratch, out long found)
    {
        found = upperOffset;
        return upperOffset < 0 || upperOffset >= Size ? Errno.ENXIO : Errno.None;
    }

    /// <inheritdoc/>
    public override Errno SeekHole(long upperOffset, ContentScratch scratch, out long found)
    {
        found = Size;
        return upperOffset < 0 || upperOffset >= found ? Errno.ENXIO : Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Allocate(int mode, long upperOffset, long length, ContentScratch scratch) => Errno.EROFS;

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
