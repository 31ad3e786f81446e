using StackFs.Codecs;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Content.Ecryptfs;

/// <content>Writing: seal a run of whole extents, write it at once, then the size.</content>
internal sealed partial class EcryptfsFile
{
    /// <inheritdoc/>
    public override Errno Write(long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, out int count)
    {
        count = 0;
        if (source.IsEmpty)
        {
            return Errno.None;
        }

        if (upperOffset < 0 || upperOffset > EcryptfsFormat.MaxUpperSize - source.Length)
        {
            return Errno.EFBIG;
        }

        using ExtentRangeLock.Claim claim = ClaimForWrite(upperOffset, upperOffset + source.Length);
        Errno error = BeginChange(scratch);
        if (error != Errno.None)
        {
            return error;
        }

        using ExtentCipherPool.Lease lease = _ciphers!.Rent();
        long first = upperOffset / ExtentSize;
        error = first > Size / ExtentSize ? ClearTail(lease.Cipher, Size, scratch) : Errno.None;
        error = error == Errno.None ? FillTo(lease.Cipher, first, scratch) : error;
        while (count < source.Length && error == Errno.None)
        {
            long at = upperOffset + count;
            int room = (scratch.RunPages * ExtentSize) - (int)(at % ExtentSize);
            int part = Math.Min(source.Length - count, room);
            error = WriteRun(lease.Cipher, at, source.Slice(count, part), scratch, out int done);
            count += done;
        }

        return count == 0 ? error : Extend(upperOffset + count);
    }

    // A write inside the file needs its own extents; one that extends it also what lies between.
    private ExtentRangeLock.Claim ClaimForWrite(long upperOffset, long end)
    {
        while (true)
        {
            long size = Size;
            long first = upperOffset / ExtentSize;
            bool alone = end <= size && _ciphers is not null;
            ExtentRangeLock.Claim claim = alone
                ? _ranges.Exclude(first, (end - 1) / ExtentSize)
                : _ranges.Exclude(Math.Min(first, size / ExtentSize), ExtentRangeLock.End);
            if (Size == size || (alone && end <= Size))
            {
                return claim;
            }

            claim.Dispose();
        }
    }

    // Writes encrypted zeros for the extents between the last one of the file and `first`. A lower file that is shorter than
    // its size says is left alone: what is missing there must not turn into zeros.
    private Errno FillTo(IExtentCipher cipher, long first, ContentScratch scratch)
    {
        long next = EcryptfsLayout.ExtentCount(Size);
        bool isShort = _lowerSize < _layout.LowerOffset(Math.Min(next, first));
        if (isShort)
        {
            _reports.Report(ContentFinding.ErasedExtent, _name, next);
            return Errno.EIO;
        }

        while (next < first)
        {
            int pages = (int)Math.Min(first - next, scratch.RunPages);
            for (int page = 0; page < pages; page++)
            {
                cipher.SealInPlace(next + page, scratch.RunPage(page), 0, isFinal: false);
            }

            Errno error = PutRun(next, pages, scratch, out int whole);
            next += whole;
            if (error != Errno.None)
            {
                // Extents past the size are nobody's; a failure to cut them leaves a lower file that is merely long.
                _ = SetLowerSize(_layout.LowerSize(Size));
                return error;
            }
        }

        return Errno.None;
    }

    private Errno WriteRun(
        IExtentCipher cipher, long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, out int done)
    {
        done = 0;
        long first = upperOffset / ExtentSize;
        int skip = (int)(upperOffset % ExtentSize);
        int pages = RoundUp(skip + source.Length) / ExtentSize;
        int taken = 0;
        for (int page = 0; page < pages; page++)
        {
            long index = first + page;
            int from = page == 0 ? skip : 0;
            int length = Math.Min(ExtentSize - from, source.Length - taken);
            Span<byte> extent = scratch.RunPage(page);
            Errno error = length < ExtentSize ? Load(cipher, index, from, length, extent) : Errno.None;
            if (error != Errno.None)
            {
                return error;
            }

            source.Slice(taken, length).CopyTo(extent[from..]);
            cipher.SealInPlace(index, extent, ExtentSize, isFinal: false);
            taken += length;
        }

        Errno putting = PutRun(first, pages, scratch, out int whole);
        done = (int)Math.Clamp(((long)whole * ExtentSize) - skip, 0, source.Length);
        return putting;
    }

    // The plaintext of an extent that is only partly written; zeros past the end of the file. What a crash or the encryption
    // of an older writer left behind the size is not taken over.
    private Errno Load(IExtentCipher cipher, long index, int from, int length, Span<byte> extent)
    {
        int valid = (int)Math.Clamp(Size - (index * ExtentSize), 0, ExtentSize);
        bool covered = valid == 0 || (from == 0 && length >= valid);
        Errno error = Errno.None;
        if (!covered)
        {
            error = ReadExtents(cipher, index, extent, out _);
        }

        extent[(covered ? 0 : valid)..].Clear();
        return error;
    }

    // Writes the run's first pages. `whole` counts the extents that are whole in the lower file.
    private Errno PutRun(long first, int pages, ContentScratch scratch, out int whole)
    {
        long start = _layout.LowerOffset(first);
        Errno error = WriteAll(start, scratch.Run(pages), out int written);
        whole = written / ExtentSize;
        long end = start + ((long)whole * ExtentSize);
        if (end > Volatile.Read(ref _lowerSize))
        {
            Volatile.Write(ref _lowerSize, end);
        }

        if (error != Errno.None && written % ExtentSize != 0 && end >= _layout.LowerSize(Size))
        {
            _ = SetLowerSize(end); // Part of a new extent, which nothing refers to yet.
        }

        return error;
    }

    private Errno Extend(long end)
    {
        if (end <= Size)
        {
            return Errno.None;
        }

        Volatile.Write(ref _size, end);
        return _attribute is null ? PutSize(end) : Errno.None;
    }
}
