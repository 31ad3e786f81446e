using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>Holes: finding, making and filling them.</content>
internal sealed partial class NativeFile
{
    // FALLOC_FL_ bits of fallocate(2), linux/falloc.h.
    private const int KeepSize = 0x01;
    private const int PunchHole = 0x02;
    private const int ZeroRange = 0x10;

    // So many extents of written zeros are passed over in search of data; what comes then is called data.
    private const int MaxZerosSkipped = 16;

    /// <inheritdoc/>
    public override Errno SeekData(long upperOffset, ContentScratch scratch, out long found)
    {
        found = 0;
        using Turn turn = TakeToLook(scratch);
        if (turn.Error != Errno.None)
        {
            return turn.Error;
        }

        long size = Size;
        if (upperOffset < 0 || upperOffset >= size)
        {
            return Errno.ENXIO;
        }

        found = upperOffset;
        long index = ExtentLayout.IndexOf(upperOffset);
        for (int zeros = 0; zeros < MaxZerosSkipped; zeros++)
        {
            Errno error = _lower.SeekData(ExtentLayout.LowerStart(index), out long lowerFound);
            if (error is Errno.EINVAL or Errno.EOPNOTSUPP)
            {
                return Errno.None; // A lower filesystem that knows no holes: all is data.
            }

            if (error != Errno.None)
            {
                return error;
            }

            index = (lowerFound / ExtentLayout.PageSize) - 1;
            found = Math.Max(upperOffset, ExtentLayout.UpperStart(index));
            if (found >= size)
            {
                return Errno.ENXIO;
            }

            if (SkipZeros(index, ref found, scratch))
            {
                return Errno.None;
            }

            index++;
        }

        return Errno.None;
    }

    // Extents are a little shorter than pages, and programs write by pages: in a file with holes the extent that data begins
    // in may begin with zeros, and one after it hold nothing else. Moves `found` on to the page of the extent's first byte
    // that is not zero; false if there is none. An extent that cannot be read counts as data.
    private bool SkipZeros(long index, ref long found, ContentScratch scratch)
    {
        if (_ciphers is null || (!IsSparse && _gaps.IsEmpty))
        {
            return true;
        }

        using ExtentCipherPool.Lease lease = _ciphers.Rent();
        Span<byte> plaintext = scratch.Plain(0);
        if (LoadExtent(lease.Cipher, index, scratch.RunPage(0), plaintext, out _) != Errno.None)
        {
            return true;
        }

        // From the page that `found` stands in: what lies in one page with data is data.
        long start = ExtentLayout.UpperStart(index);
        long from = Math.Max(start, found - (found % ExtentLayout.PageSize));
        int zeros = plaintext[(int)(from - start)..].IndexOfAnyExcept((byte)0);
        if (zeros < 0)
        {
            return false;
        }

        long data = from + zeros;
        found = Math.Max(found, data - (data % ExtentLayout.PageSize));
        return true;
    }

    /// <inheritdoc/>
    public override Errno SeekHole(long upperOffset, ContentScratch scratch, out long found)
    {
        found = 0;
        using Turn turn = TakeToLook(scratch);
        if (turn.Error != Errno.None)
        {
            return turn.Error;
        }

        long size = Size;
        if (upperOffset < 0 || upperOffset >= size)
        {
            return Errno.ENXIO;
        }

        long at = ExtentLayout.IndexOf(upperOffset);
        long last = ExtentLayout.LastIndexOf(size);
        found = size;
        while (at < last)
        {
            Errno error = _lower.SeekHole(ExtentLayout.LowerStart(at), out long hole);
            if (error is Errno.EINVAL or Errno.EOPNOTSUPP or Errno.ENXIO)
            {
                return Errno.None;
            }

            if (error != Errno.None)
            {
                return error;
            }

            // A hole below may begin inside a page where the lower filesystem's blocks are small: it is one of ours from
            // the next page, if that page is still in it.
            long index = ((hole + ExtentLayout.PageSize - 1) / ExtentLayout.PageSize) - 1;
            if (index >= last)
            {
                return Errno.None;
            }

            error = _lower.SeekData(ExtentLayout.LowerStart(index), out long data);
            if (error == Errno.ENXIO || (error == Errno.None && data >= ExtentLayout.LowerEnd(index)))
            {
                found = Math.Max(upperOffset, ExtentLayout.UpperStart(index));
                return Errno.None;
            }

            if (error != Errno.None)
            {
                return error;
            }

            at = index + 1;
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Allocate(int mode, long upperOffset, long length, ContentScratch scratch)
    {
        if (upperOffset < 0 || length <= 0)
        {
            return Errno.EINVAL;
        }

        if (upperOffset > NativeSizeRule.MaxUpperSize - length)
        {
            return Errno.EFBIG;
        }

        using Turn turn = TakeWhole(forWriting: true, scratch);
        if (turn.Error != Errno.None)
        {
            return turn.Error;
        }

        return mode switch
        {
            0 or KeepSize => Reserve(mode, upperOffset, length, scratch),
            PunchHole | KeepSize => Zero(PunchHole | KeepSize, upperOffset, length, scratch),
            ZeroRange or ZeroRange | KeepSize => ZeroAndGrow(mode, upperOffset, length, scratch),
            _ => Errno.EOPNOTSUPP,
        };
    }

    private Errno Reserve(int mode, long upperOffset, long length, ContentScratch scratch)
    {
        Errno error = ReserveBelow(upperOffset, length);
        return error == Errno.None && mode == 0 ? Extend(upperOffset + length, scratch) : error;
    }

    // What lies past the end first: a lower filesystem without the mode refuses before anything changes.
    private Errno ZeroAndGrow(int mode, long upperOffset, long length, ContentScratch scratch)
    {
        long beyond = Math.Max(upperOffset, Size);
        long end = upperOffset + length;
        Errno error = end > beyond ? ReserveBelow(beyond, end - beyond) : Errno.None;
        if (error == Errno.None)
        {
            error = Zero(ZeroRange | KeepSize, upperOffset, length, scratch);
        }

        return error == Errno.None && (mode & KeepSize) == 0 ? Extend(end, scratch) : error;
    }

    private Errno ReserveBelow(long upperOffset, long length)
    {
        long first = ExtentLayout.IndexOf(upperOffset);
        long last = ExtentLayout.IndexOf(upperOffset + length - 1);
        return Barred is not Errno.None and var barred
            ? barred
            : _lower.Allocate(KeepSize, ExtentLayout.LowerStart(first), (last - first + 1) * ExtentLayout.PageSize);
    }

    private Errno Extend(long size, ContentScratch scratch) => size > Size ? GrowTo(size, scratch) : Errno.None;

    // Whole extents become holes below (but never the last, which stays a real page); the others are written with zeros in
    // the range.
    private Errno Zero(int lowerMode, long upperOffset, long length, ContentScratch scratch)
    {
        long end = Math.Min(upperOffset + length, Size);
        if (upperOffset >= end)
        {
            return Errno.None;
        }

        Errno error = BeginChange(scratch, out _);
        if (error != Errno.None)
        {
            return error;
        }

        long firstWhole = ExtentLayout.CountOf(upperOffset);
        long lastWhole = Math.Min(ExtentLayout.IndexOf(end), ExtentLayout.LastIndexOf(Size)) - 1;
        if (firstWhole > lastWhole)
        {
            return ZeroBytes(upperOffset, end, scratch);
        }

        error = MakeHoles(lowerMode, firstWhole, lastWhole, scratch);
        if (error == Errno.None)
        {
            error = ZeroBytes(upperOffset, ExtentLayout.UpperStart(firstWhole), scratch);
        }

        return error == Errno.None ? ZeroBytes(ExtentLayout.UpperEnd(lastWhole), end, scratch) : error;
    }

    private Errno MakeHoles(int lowerMode, long first, long last, ContentScratch scratch)
    {
        // A page that held data must not be found empty in a file that does not admit holes, nor at a file's end, also
        // after a power cut: flag and end are on the disk before the hole.
        Errno error = IsSparse ? Errno.None : SetSparse(scratch);
        if (error == Errno.None && _anchorsUnsynced)
        {
            error = SyncLower(dataOnly: true);
        }

        if (error != Errno.None)
        {
            return error;
        }

        _modified = true;
        _unsynced = true;
        error = _lower.Allocate(lowerMode, ExtentLayout.LowerStart(first), (last - first + 1) * ExtentLayout.PageSize);
        return error == Errno.EOPNOTSUPP && (lowerMode & PunchHole) != 0 ? WriteZeroPages(first, last, scratch) : error;
    }

    // A page of zeros means the same as one that is not there.
    private Errno WriteZeroPages(long first, long last, ContentScratch scratch)
    {
        for (long index = first; index <= last; index += scratch.RunPages)
        {
            Span<byte> pages = scratch.Run((int)Math.Min(scratch.RunPages, last - index + 1));
            pages.Clear();
            Errno error = WriteAll(ExtentLayout.LowerStart(index), pages, out _);
            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }

    // Zeros inside extents that stay real pages: those at the edges of the range, and the last. Holes among them stay.
    private Errno ZeroBytes(long from, long to, ContentScratch scratch)
    {
        using ExtentCipherPool.Lease lease = _ciphers!.Rent();
        while (from < to)
        {
            long index = ExtentLayout.IndexOf(from);
            long next = Math.Min(ExtentLayout.UpperEnd(index), to);
            Errno error = ZeroPart(lease.Cipher, index, from, next, scratch);
            if (error != Errno.None)
            {
                return error;
            }

            from = next;
        }

        return Errno.None;
    }

    private Errno ZeroPart(IExtentCipher cipher, long index, long from, long to, ContentScratch scratch)
    {
        Span<byte> plaintext = scratch.Plain(0);
        Span<byte> page = scratch.RunPage(0);
        long start = ExtentLayout.UpperStart(index);
        bool isLast = index == ExtentLayout.LastIndexOf(Size);
        int valid = ExtentLayout.ValidBytes(index, Size);
        if (from > start || to < start + valid)
        {
            Errno error = LoadExtent(cipher, index, page, plaintext, out _);
            if (error != Errno.None)
            {
                return error;
            }
        }

        plaintext[(int)(from - start)..(int)(to - start)].Clear();
        cipher.Seal(index, plaintext[..valid], isLast, page);
        Errno result = PutPage(index, index, scratch);
        if (result == Errno.None)
        {
            _modified = true;
            _gaps.Remove(index, index);
            _lastIsFinal |= isLast;
            if (isLast || _lastExtent.Holds(index))
            {
                _lastExtent.Clear();
            }
        }

        return result;
    }
}
