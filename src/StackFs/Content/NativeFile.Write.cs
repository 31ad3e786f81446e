using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>Writing: plan, read the extents at the edges, seal a run of pages, write it at once.</content>
internal sealed partial class NativeFile
{
    /// <inheritdoc/>
    public override Errno Write(long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, out int count)
    {
        count = 0;
        if (source.IsEmpty)
        {
            return Errno.None;
        }

        if (upperOffset > NativeSizeRule.MaxUpperSize - source.Length)
        {
            return Errno.EFBIG;
        }

        using Turn turn = _options.Shared
            ? TakeWhole(forWriting: true, scratch)
            : Take(ClaimForWrite(upperOffset, upperOffset + source.Length), forWriting: true, scratch);
        return turn.Error == Errno.None ? WriteInTurn(upperOffset, source, scratch, out count) : turn.Error;
    }

    /// <inheritdoc/>
    public override Errno Append(ReadOnlySpan<byte> source, ContentScratch scratch, out int count)
    {
        count = 0;
        using Turn turn = TakeWhole(forWriting: true, scratch);
        if (turn.Error != Errno.None)
        {
            return turn.Error;
        }

        return Size > NativeSizeRule.MaxUpperSize - source.Length
            ? Errno.EFBIG
            : WriteInTurn(Size, source, scratch, out count);
    }

    private Errno WriteInTurn(long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, out int count)
    {
        count = 0;
        Errno error = Errno.None;
        while (count < source.Length)
        {
            int part = Math.Min(source.Length - count, scratch.RunBytes(upperOffset + count));
            error = WriteRun(upperOffset + count, source.Slice(count, part), scratch, out int done);
            count += done;
            if (error != Errno.None || done < part)
            {
                break;
            }
        }

        return count > 0 ? Errno.None : error;
    }

    // A write that stays inside the file needs its own extents; one that extends it changes the size and takes FINAL from
    // the old last extent, so it needs everything from there on.
    private ExtentRangeLock.Claim ClaimForWrite(long upperOffset, long end)
    {
        while (true)
        {
            long size = Size;
            long first = ExtentLayout.IndexOf(upperOffset);
            bool extends = end > size;
            ExtentRangeLock.Claim claim = extends
                ? _ranges.Exclude(Math.Min(first, Math.Max(ExtentLayout.LastIndexOf(size), 0)), ExtentRangeLock.End)
                : _ranges.Exclude(first, ExtentLayout.IndexOf(end - 1));
            if (Size == size || (!extends && end <= Size))
            {
                return claim;
            }

            claim.Dispose();
        }
    }

    private Errno WriteRun(long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, out int done)
    {
        done = 0;
        Errno error = BeginChange(scratch, out bool newHeader);
        if (error != Errno.None)
        {
            return error;
        }

        using ExtentCipherPool.Lease lease = _ciphers!.Rent();
        RunPlan plan = new(Size, upperOffset, source.Length);
        if (plan.StripsNeighbour)
        {
            // The full last extent before this run stops being the last: it is written again, without FINAL, in the same
            // call. One that is damaged stays so.
            Span<byte> plaintext = scratch.Plain(2);
            if (LoadExtent(lease.Cipher, plan.OldLast, scratch.RunPage(0), plaintext, out _) == Errno.None)
            {
                lease.Cipher.Seal(plan.OldLast, plaintext, isFinal: false, scratch.RunPage(0));
            }
            else
            {
                plan = plan.WithoutNeighbour();
            }
        }

        error = SealRun(lease.Cipher, in plan, upperOffset, source, scratch);
        if (error == Errno.None)
        {
            error = Trim(in plan);
        }

        if (error == Errno.None && newHeader && plan.RunFirst > 0)
        {
            error = PutNewHeader(scratch);
            newHeader = false;
        }

        if (error != Errno.None)
        {
            return error;
        }

        error = PutRun(in plan, newHeader, scratch, out int pages);
        done = Settle(in plan, upperOffset, source, scratch, pages);
        if (error == Errno.None && plan.StripsApart)
        {
            // What was written counts, whatever becomes of the flag: a stale FINAL harms nothing that is read, and an ailing
            // lower file tells the next write or sync.
            _ = StripFinal(lease.Cipher, plan.OldLast, scratch);
        }

        return error;
    }

    // Makes the run's pages in scratch. Nothing of the file changes here.
    private Errno SealRun(
        IExtentCipher cipher, in RunPlan plan, long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch)
    {
        bool bothEdgesRead = false;
        if (plan.Last - plan.First == 1 && plan.NeedsOld(plan.First) && plan.NeedsOld(plan.Last)
            && !_lastExtent.Holds(plan.First) && !_lastExtent.Holds(plan.Last))
        {
            // A small write over a boundary: both extents in one read.
            Errno error = ReadPages(plan.First, scratch.Run(plan.Pages)[^(2 * ExtentLayout.PageSize)..]);
            if (error != Errno.None)
            {
                return error;
            }

            bothEdgesRead = true;
        }

        foreach (ExtentSlice slice in ExtentLayout.Slice(upperOffset, source.Length))
        {
            Span<byte> page = scratch.RunPage(plan.PageOf(slice.Index));
            ReadOnlySpan<byte> fresh = source.Slice(slice.RequestOffset, slice.Length);
            int valid = ExtentLayout.ValidBytes(slice.Index, plan.NewSize);
            if (slice.Length < valid)
            {
                Span<byte> plaintext = scratch.Plain(slice.Index == plan.First ? 0 : 1);
                Errno error = Errno.None;
                if (!plan.NeedsOld(slice.Index))
                {
                    plaintext.Clear();
                }
                else if (bothEdgesRead)
                {
                    error = OpenExtent(cipher, slice.Index, page, plaintext, out _);
                }
                else
                {
                    error = LoadExtent(cipher, slice.Index, page, plaintext, out _);
                }

                if (error != Errno.None)
                {
                    return error;
                }

                fresh.CopyTo(plaintext[slice.Skip..]);
                fresh = plaintext[..valid];
            }

            cipher.Seal(slice.Index, fresh, slice.Index == plan.NewLast, page);
        }

        return Errno.None;
    }

    // An extent's plaintext and how much of it was valid, from the cache or through `page` from the lower file.
    private Errno LoadExtent(
        IExtentCipher cipher, long index, Span<byte> page, Span<byte> plaintext, out int count)
    {
        count = 0;
        if (_lastExtent.Holds(index))
        {
            count = ExtentLayout.ValidBytes(index, Size);
            _lastExtent.Plaintext.CopyTo(plaintext);
            return Errno.None;
        }

        Errno error = ReadPages(index, page);
        return error == Errno.None ? OpenExtent(cipher, index, page, plaintext, out count) : error;
    }

    // Before the file grows, cuts what lies in the lower file past its last page, if the run will not cover it: the bytes
    // that seal, which would make the size look settled while it changes, and what a crash may have left there, which
    // would become part of a gap.
    private Errno Trim(in RunPlan plan)
    {
        if (plan.NewSize == plan.OldSize)
        {
            return Errno.None;
        }

        long clean = _header == HeaderPresence.Present ? ExtentLayout.LowerEnd(plan.OldLast) : 0;
        bool covered = plan.RunFirst <= plan.OldLast + 1 && ExtentLayout.LowerEnd(plan.Last) >= _lowerSize;
        return _lowerSize <= clean || covered ? Errno.None : SetLowerSize(clean);
    }

    // Writes the run, and the header before it if it is new; `pages` counts the extent pages that are whole in the file.
    private Errno PutRun(in RunPlan plan, bool withHeader, ContentScratch scratch, out int pages)
    {
        int headerBytes = withHeader ? ExtentLayout.PageSize : 0;
        ReadOnlySpan<byte> bytes = withHeader ? scratch.HeaderAndRun(plan.Pages) : scratch.Run(plan.Pages);
        Errno error = WriteAll(ExtentLayout.LowerStart(plan.RunFirst) - headerBytes, bytes, out int written);
        pages = Math.Max(written - headerBytes, 0) / ExtentLayout.PageSize;
        if (withHeader && !NewHeaderWritten(written))
        {
            return error;
        }

        if (error != Errno.None && written % ExtentLayout.PageSize != 0)
        {
            RemoveTornPage(plan.RunFirst + pages, plan.OldLast);
        }

        return error;
    }

    // Part of a page was written before the lower file filled up. A new page goes again; a gap becomes one again. A page
    // that held data already had its space, and lower filesystems do not run out of it inside a page.
    private void RemoveTornPage(long index, long oldLast)
    {
        if (index > oldLast)
        {
            _ = SetLowerSize(ExtentLayout.LowerStart(index)); // A failure leaves an unsealed part that is never read.
        }
        else if (_gaps.Contains(index))
        {
            _ = _lower.Allocate(PunchHole | KeepSize, ExtentLayout.LowerStart(index), ExtentLayout.PageSize); // As above.
        }
    }

    // Takes what reached the lower file into the file's state; returns how many bytes of the source did.
    private int Settle(
        in RunPlan plan, long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch, int pages)
    {
        if (pages == 0)
        {
            return 0;
        }

        _modified = true;
        _unsynced = true;
        long lastWritten = plan.RunFirst + pages - 1;
        int done = (int)Math.Clamp(ExtentLayout.UpperEnd(lastWritten) - upperOffset, 0, source.Length);
        long size = done > 0 ? Math.Max(plan.OldSize, upperOffset + done) : plan.OldSize;
        if (lastWritten >= plan.First)
        {
            AddGap(plan.OldLast + 1, plan.First - 1, scratch);
            _gaps.Remove(plan.First, lastWritten);
        }

        long last = ExtentLayout.LastIndexOf(size);
        if (plan.RunFirst <= last && last <= lastWritten)
        {
            _lastIsFinal = last == plan.NewLast;
            CacheLast(in plan, last, upperOffset, source[..done], scratch);
        }

        if (lastWritten > plan.OldLast)
        {
            _lowerSize = Math.Max(_lowerSize, ExtentLayout.LowerEnd(lastWritten));
            _anchorsUnsynced = true;
        }

        // A write inside the file holds no claim on its end: another may have moved the size on meanwhile.
        if (size > plan.OldSize)
        {
            Volatile.Write(ref _size, size);
        }

        return done;
    }

    private void CacheLast(
        in RunPlan plan, long last, long upperOffset, ReadOnlySpan<byte> source, ContentScratch scratch)
    {
        int valid = ExtentLayout.ValidBytes(last, plan.NewSize);
        bool appends = upperOffset == plan.OldSize && plan.OldSize > 0;
        if (valid == ExtentLayout.ExtentSize || last < plan.First || !(appends || _lastExtent.Holds(last)))
        {
            // Full: what is appended next goes into another extent. Not appended to: most files are written once.
            _lastExtent.Clear();
            return;
        }

        int from = (int)Math.Max(ExtentLayout.UpperStart(last) - upperOffset, 0);
        bool throughScratch = source.Length - from < valid;
        _lastExtent.Store(last, throughScratch ? scratch.Plain(last == plan.First ? 0 : 1)[..valid] : source[from..]);
    }

    // Writes until all is in or the lower file refuses; a short write is tried again from where it ended.
    private Errno WriteAll(long lowerOffset, ReadOnlySpan<byte> bytes, out int written)
    {
        written = 0;
        while (written < bytes.Length)
        {
            Errno error = _lower.Write(lowerOffset + written, bytes[written..], out int count);
            if (error != Errno.None)
            {
                return error;
            }

            if (count == 0)
            {
                return Errno.EIO;
            }

            written += count;
        }

        return Errno.None;
    }
}
