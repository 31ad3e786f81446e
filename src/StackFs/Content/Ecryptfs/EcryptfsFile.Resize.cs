using StackFs.Codecs;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Content.Ecryptfs;

/// <content>Truncation, and what fallocate(2) and lseek(2) can mean where files have no holes.</content>
internal sealed partial class EcryptfsFile
{
    private const int KeepSize = 0x01;
    private const int PunchHole = 0x02;
    private const int ZeroRange = 0x10;

    /// <inheritdoc/>
    public override Errno Truncate(long size, ContentScratch scratch)
    {
        if (size is < 0 or > EcryptfsFormat.MaxUpperSize)
        {
            return Errno.EFBIG;
        }

        using ExtentRangeLock.Claim claim = _ranges.Exclude(0, ExtentRangeLock.End);
        Errno error = BeginChange(scratch);
        return error != Errno.None ? error : size > Size ? GrowTo(size, scratch) : ShrinkTo(size, scratch);
    }

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
    public override Errno Allocate(int mode, long upperOffset, long length, ContentScratch scratch)
    {
        if (upperOffset < 0 || length <= 0)
        {
            return Errno.EINVAL;
        }

        if (upperOffset > EcryptfsFormat.MaxUpperSize - length)
        {
            return Errno.EFBIG;
        }

        using ExtentRangeLock.Claim claim = _ranges.Exclude(0, ExtentRangeLock.End);
        Errno error = BeginChange(scratch);
        long end = upperOffset + length;
        switch (mode)
        {
            case 0 or KeepSize:
                long start = _layout.LowerOffset(upperOffset / ExtentSize);
                error = error != Errno.None ? error : _lower.Allocate(KeepSize, start, _layout.LowerSize(end) - start);
                break;
            case PunchHole | KeepSize or ZeroRange or ZeroRange | KeepSize:
                error = error != Errno.None ? error : WriteZeros(upperOffset, Math.Min(end, Size), scratch);
                break;
            default:
                return Errno.EOPNOTSUPP;
        }

        return error == Errno.None && (mode & KeepSize) == 0 && end > Size ? GrowTo(end, scratch) : error;
    }

    private Errno GrowTo(long size, ContentScratch scratch)
    {
        using ExtentCipherPool.Lease lease = _ciphers!.Rent();
        Errno error = ClearTail(lease.Cipher, Size, scratch);
        if (error == Errno.None)
        {
            error = FillTo(lease.Cipher, EcryptfsLayout.ExtentCount(size), scratch);
        }

        if (error == Errno.None)
        {
            Volatile.Write(ref _size, size);
            error = PutSize(size);
        }

        return error;
    }

    private Errno ShrinkTo(long size, ContentScratch scratch)
    {
        Errno error = Errno.None;
        if (size < Size)
        {
            using ExtentCipherPool.Lease lease = _ciphers!.Rent();
            error = RewriteLast(lease.Cipher, size, scratch);
        }

        // The size goes first: what the lower file still holds behind it is cut next, or by a later truncate.
        if (error == Errno.None)
        {
            error = PutSize(size);
        }

        if (error != Errno.None)
        {
            return error;
        }

        Volatile.Write(ref _size, size);
        long target = _layout.LowerSize(size);
        return _lowerSize > target ? SetLowerSize(target) : Errno.None;
    }

    // The last extent that stays, with zeros behind the new end.
    private Errno RewriteLast(IExtentCipher cipher, long size, ContentScratch scratch)
    {
        int kept = (int)(size % ExtentSize);
        if (kept == 0)
        {
            return Errno.None;
        }

        long index = size / ExtentSize;
        Span<byte> extent = scratch.RunPage(0);
        Errno error = ReadExtents(cipher, index, extent, out _);
        if (error != Errno.None)
        {
            return error;
        }

        cipher.SealInPlace(index, extent, kept, isFinal: true);
        return PutRun(index, 1, scratch, out _);
    }

    // Before the file grows over it, what stands behind its end in the last extent: zeros from every writer that keeps to the
    // format, so this writes only where one did not.
    private Errno ClearTail(IExtentCipher cipher, long size, ContentScratch scratch)
    {
        int kept = (int)(size % ExtentSize);
        if (kept == 0)
        {
            return Errno.None;
        }

        long index = size / ExtentSize;
        Span<byte> extent = scratch.RunPage(0);
        Errno error = ReadExtents(cipher, index, extent, out _);
        if (error != Errno.None || !extent[kept..].ContainsAnyExcept((byte)0))
        {
            return error;
        }

        cipher.SealInPlace(index, extent, kept, isFinal: false);
        return PutRun(index, 1, scratch, out _);
    }

    private Errno WriteZeros(long start, long end, ContentScratch scratch)
    {
        using ExtentCipherPool.Lease lease = _ciphers!.Rent();
        Errno error = Errno.None;
        for (long at = start; at < end && error == Errno.None;)
        {
            long index = at / ExtentSize;
            int from = (int)(at % ExtentSize);
            int length = (int)Math.Min(ExtentSize - from, end - at);
            Span<byte> extent = scratch.RunPage(0);
            error = length < ExtentSize ? ReadExtents(lease.Cipher, index, extent, out _) : Errno.None;
            if (error == Errno.None)
            {
                extent.Slice(from, length).Clear();
                lease.Cipher.SealInPlace(index, extent, ExtentSize, isFinal: false);
                error = PutRun(index, 1, scratch, out _);
            }

            at += length;
        }

        return error;
    }
}
