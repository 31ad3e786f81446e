using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>Truncation in both directions.</content>
internal sealed partial class NativeFile
{
    /// <inheritdoc/>
    public override Errno Truncate(long size, ContentScratch scratch)
    {
        if (size > NativeSizeRule.MaxUpperSize)
        {
            return Errno.EFBIG;
        }

        using Turn turn = TakeWhole(forWriting: true, scratch);
        if (turn.Error != Errno.None || _header == HeaderPresence.Withheld)
        {
            return turn.Error != Errno.None ? turn.Error : _withheld;
        }

        return size == 0 ? Empty() : size > Size ? GrowTo(size, scratch) : ShrinkTo(size, scratch);
    }

    private Errno Empty()
    {
        // An erased header can only be given up: the program wants nothing of the file any more.
        Errno error = SetLowerSize(_header == HeaderPresence.Present ? ExtentLayout.PageSize : 0);
        if (error == Errno.None)
        {
            _header = _header == HeaderPresence.Erased ? HeaderPresence.None : _header;
            _gaps.Clear();
            _lastExtent.Clear();
            _lastIsFinal = true;
            Volatile.Write(ref _size, 0);
        }

        return error;
    }

    private Errno ShrinkTo(long size, ContentScratch scratch)
    {
        if (size == Size)
        {
            // Nothing to cut, but the lower file's times change as POSIX has it.
            return SetLowerSize(_lowerSize);
        }

        long last = ExtentLayout.LastIndexOf(size);
        using ExtentCipherPool.Lease lease = _ciphers!.Rent();
        Errno error = LoadExtent(lease.Cipher, last, scratch.RunPage(0), scratch.Plain(0), out int count);
        if (error != Errno.None)
        {
            return error;
        }

        bool isShort = count < ExtentLayout.ValidBytes(last, size);
        if (IsSparse || (isShort && !_gaps.Contains(last)))
        {
            error = AnchorEnd(lease.Cipher, last, isShort, scratch);
        }

        if (error != Errno.None)
        {
            return error;
        }

        // Cut first, then write the new last extent: killed between the two, the file is a beginning of what it was. The
        // other way round it would be as long as before with zeros in its middle, and nothing to tell so. And cut to whole
        // pages: the bytes that seal are a hole, not the beginning of an extent that went.
        error = SetLowerSize(ExtentLayout.LowerEnd(last));
        if (error != Errno.None)
        {
            return error;
        }

        _modified = true;
        _lastIsFinal = false;
        _gaps.Remove(last + 1, ExtentRangeLock.End);
        int valid = ExtentLayout.ValidBytes(last, size);
        _lastExtent.Store(last, scratch.Plain(0)[..valid]);
        Volatile.Write(ref _size, size);
        return WriteLast(lease.Cipher, scratch);
    }

    private Errno GrowTo(long size, ContentScratch scratch)
    {
        Errno error = BeginChange(scratch, out bool newHeader);
        if (error != Errno.None)
        {
            return error;
        }

        long oldLast = ExtentLayout.LastIndexOf(Size);
        long newLast = ExtentLayout.LastIndexOf(size);
        long start = Math.Max(ExtentLayout.UpperStart(newLast), Size);
        RunPlan plan = new(Size, start, (int)(size - start));
        using ExtentCipherPool.Lease lease = _ciphers!.Rent();
        Span<byte> plaintext = scratch.Plain(0);
        plaintext.Clear();
        if (newLast == oldLast)
        {
            error = LoadExtent(lease.Cipher, oldLast, scratch.RunPage(0), plaintext, out _);
        }

        if (error == Errno.None)
        {
            error = Trim(in plan);
        }

        if (error == Errno.None && newHeader)
        {
            error = PutNewHeader(scratch);
        }

        if (error != Errno.None)
        {
            return error;
        }

        lease.Cipher.Seal(newLast, plaintext[..ExtentLayout.ValidBytes(newLast, size)], isFinal: true, scratch.RunPage(0));
        error = PutPage(newLast, oldLast, scratch);
        if (error != Errno.None)
        {
            return error;
        }

        _anchorsUnsynced |= newLast > oldLast;
        AddGap(oldLast + 1, newLast - 1, scratch);
        _gaps.Remove(newLast, newLast);
        _modified = true;
        _lastIsFinal = true;
        _lowerSize = Math.Max(_lowerSize, ExtentLayout.LowerEnd(newLast));
        Volatile.Write(ref _size, size);
        error = newLast > oldLast && oldLast >= 0 ? StripFinal(lease.Cipher, oldLast, scratch) : Errno.None;
        _lastExtent.Clear();
        return error;
    }

    // Writes an extent that is no longer the last as a full one without FINAL. A damaged one is left as it is.
    private Errno StripFinal(IExtentCipher cipher, long index, ContentScratch scratch)
    {
        Span<byte> plaintext = scratch.Plain(2);
        Span<byte> page = scratch.RunPage(0);
        if (LoadExtent(cipher, index, page, plaintext, out _) != Errno.None)
        {
            return Errno.None;
        }

        if (_lastExtent.Holds(index))
        {
            _lastExtent.Clear();
        }

        cipher.Seal(index, plaintext, isFinal: false, page);
        return PutPage(index, index, scratch);
    }

    // Before a file is cut where it has a hole, or may have had one: the extent that will be its last must be a real and
    // durable page that counts all its bytes. Were it a hole, or not on the disk, the file would after a crash end where
    // the hole before it begins; one that counts less (a crash left it so) would end the file there.
    private Errno AnchorEnd(IExtentCipher cipher, long index, bool rewrite, ContentScratch scratch)
    {
        if (rewrite)
        {
            cipher.Seal(index, scratch.Plain(0), isFinal: false, scratch.RunPage(0));
            Errno error = PutPage(index, index, scratch);
            if (error != Errno.None)
            {
                return error;
            }
        }

        return _unsynced ? SyncLower(dataOnly: true) : Errno.None;
    }

    // Writes the file's last extent as it is now, with FINAL.
    private Errno WriteLast(IExtentCipher cipher, ContentScratch scratch)
    {
        long last = ExtentLayout.LastIndexOf(Size);
        Span<byte> plaintext = scratch.Plain(0);
        Span<byte> page = scratch.RunPage(0);
        Errno error = LoadExtent(cipher, last, page, plaintext, out _);
        if (error != Errno.None)
        {
            return error;
        }

        cipher.Seal(last, plaintext[..ExtentLayout.ValidBytes(last, Size)], isFinal: true, page);
        error = PutPage(last, last, scratch);
        if (error == Errno.None)
        {
            _lastIsFinal = true;
            _gaps.Remove(last, last);
        }

        return error;
    }

    // Writes the run's first page as the page of one extent.
    private Errno PutPage(long index, long oldLast, ContentScratch scratch)
    {
        _unsynced = true;
        Errno error = WriteAll(ExtentLayout.LowerStart(index), scratch.RunPage(0), out int written);
        if (error != Errno.None && written > 0)
        {
            RemoveTornPage(index, oldLast);
        }

        return error;
    }
}
