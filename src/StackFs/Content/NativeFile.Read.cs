using StackFs.Codecs;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>Reading: plan, read a run of pages, open each extent into its place.</content>
internal sealed partial class NativeFile
{
    /// <inheritdoc/>
    public override Errno Read(long upperOffset, Span<byte> destination, ContentScratch scratch, out int count)
    {
        count = 0;
        if (_options.Shared)
        {
            return ReadShared(upperOffset, destination, scratch, out count);
        }

        if (Barred is not Errno.None and var barred)
        {
            return barred;
        }

        if (destination.IsEmpty || upperOffset >= Size)
        {
            return Errno.None;
        }

        using ExtentRangeLock.Claim claim = ClaimForRead(upperOffset, destination.Length);
        return ReadClaimed(upperOffset, destination, scratch, isTentative: false, out count);
    }

    private ExtentRangeLock.Claim ClaimForRead(long upperOffset, int length)
    {
        long lastByte = upperOffset + Math.Min(length, long.MaxValue - upperOffset) - 1;
        return _ranges.Share(ExtentLayout.IndexOf(upperOffset), ExtentLayout.IndexOf(lastByte));
    }

    // Where others write too: first without the lock, since each page stands alone and none that is being written opens.
    // What lies past the end that is known, and what does not open, is looked at again in a turn.
    private Errno ReadShared(long upperOffset, Span<byte> destination, ContentScratch scratch, out int count)
    {
        count = 0;
        if (destination.IsEmpty)
        {
            return Errno.None;
        }

        using (ClaimForRead(upperOffset, destination.Length))
        {
            if (upperOffset <= Size - destination.Length
                && _header == HeaderPresence.Present
                && _lower.GetLength(out long lowerSize) == Errno.None && lowerSize == _lowerSize
                && ReadClaimed(upperOffset, destination, scratch, isTentative: true, out count) == Errno.None)
            {
                return Errno.None;
            }
        }

        count = 0;
        using Turn turn = TakeWhole(forWriting: false, scratch);
        return turn.Error != Errno.None ? turn.Error
            : Barred is not Errno.None and var barred ? barred
            : ReadClaimed(upperOffset, destination, scratch, isTentative: false, out count);
    }

    private Errno ReadClaimed(
        long upperOffset, Span<byte> destination, ContentScratch scratch, bool isTentative, out int count)
    {
        count = 0;
        int length = (int)Math.Clamp(Size - upperOffset, 0, destination.Length);
        if (length == 0 || _ciphers is null)
        {
            return Errno.None;
        }

        using ExtentCipherPool.Lease lease = _ciphers.Rent();
        while (count < length)
        {
            int part = Math.Min(length - count, scratch.RunBytes(upperOffset + count));
            Errno error = ReadRun(
                lease.Cipher, upperOffset + count, destination.Slice(count, part), scratch, isTentative, out int good);
            count += good;
            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }

    private Errno ReadRun(
        IExtentCipher cipher,
        long upperOffset,
        Span<byte> destination,
        ContentScratch scratch,
        bool isTentative,
        out int good)
    {
        good = 0;
        long first = ExtentLayout.IndexOf(upperOffset);
        long last = ExtentLayout.IndexOf(upperOffset + destination.Length - 1);
        bool lastIsCached = !isTentative && _lastExtent.Holds(last);
        int pages = (int)(last - first) + (lastIsCached ? 0 : 1);
        Errno error = ReadPages(first, scratch.Run(pages));
        if (error != Errno.None)
        {
            return error;
        }

        foreach (ExtentSlice slice in ExtentLayout.Slice(upperOffset, destination.Length))
        {
            Span<byte> part = destination.Slice(slice.RequestOffset, slice.Length);
            if (lastIsCached && slice.Index == last)
            {
                _lastExtent.Plaintext.Slice(slice.Skip, slice.Length).CopyTo(part);
            }
            else
            {
                Span<byte> plaintext = slice.IsWhole ? part : scratch.Plain(0);
                ReadOnlySpan<byte> page = scratch.RunPage((int)(slice.Index - first));
                error = OpenExtent(cipher, slice.Index, page, plaintext, out int valid, isTentative);
                if (error == Errno.None && isTentative && valid < slice.Skip + slice.Length)
                {
                    // Shorter than it was when the size was last established.
                    error = Errno.ESTALE;
                }

                if (error != Errno.None)
                {
                    return error;
                }

                if (!slice.IsWhole)
                {
                    plaintext.Slice(slice.Skip, slice.Length).CopyTo(part);
                }
            }

            good += slice.Length;
        }

        return Errno.None;
    }

    // Fills `pages` from the page of extent `first` on; what the lower file does not have is zeros, which is a hole or a
    // loss as any zero page is.
    private Errno ReadPages(long first, Span<byte> pages)
    {
        if (pages.IsEmpty)
        {
            return Errno.None;
        }

        Errno error = _lower.Read(ExtentLayout.LowerStart(first), pages, out int got);
        if (error == Errno.None)
        {
            pages[got..].Clear();
        }

        return error;
    }

    // Puts an extent's 4,064 bytes into `plaintext`; zeros for a hole, whose `count` of valid bytes is 0. The one judgement
    // of what a page means.
    private Errno OpenExtent(
        IExtentCipher cipher,
        long index,
        ReadOnlySpan<byte> page,
        Span<byte> plaintext,
        out int count,
        bool isTentative = false)
    {
        ExtentStatus status = cipher.Open(index, page, plaintext, out ExtentMeta meta);
        count = meta.Count;
        if (status == ExtentStatus.Ok)
        {
            return Errno.None;
        }

        Errno error = CodecErrno.From(status, IsSparse || (status == ExtentStatus.Hole && _gaps.Contains(index)));
        if (error != Errno.None && !isTentative)
        {
            Report(status == ExtentStatus.Hole ? ContentFinding.ErasedExtent : ContentFinding.DamagedExtent, index);
        }

        return error;
    }
}
