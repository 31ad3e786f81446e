using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>
/// What opening finds out: the header and the true size. The one place where a file's state comes from its lower file, so
/// that a mount on shared storage can do it again when another client has changed the file.
/// </content>
internal sealed partial class NativeFile
{
    // Small files are read whole at once: the header and so many extents.
    private const int PagesReadWithHeader = 3;

    // Zero pages that the search for the last extent reads through, 256 MiB, where SEEK_DATA does not skip them. Only a
    // lower filesystem without holes, or an attacker, has more of them after the last extent.
    private const long MaxZeroPages = 65_536;

    private Errno EstablishFirst(ContentScratch scratch)
    {
        if (!_options.Shared)
        {
            return Establish(scratch);
        }

        // Not while another client stands between the two halves of a change.
        Errno error = LockLower(forWriting: false);
        if (error == Errno.None)
        {
            error = Establish(scratch);
            UnlockLower();
        }

        return error;
    }

    // What it finds nothing of is as in an empty file without a header. With an error the state is undefined; a later
    // operation that needs it establishes it first.
    private Errno Establish(ContentScratch scratch)
    {
        Errno error = _lower.GetLength(out long lowerSize);
        if (error != Errno.None)
        {
            return error;
        }

        _lowerSize = lowerSize;
        if (lowerSize == 0)
        {
            _header = HeaderPresence.None;
            _isSparse = false;
            SetEmpty();
            return Errno.None;
        }

        long pages = ExtentLayout.PagesIn(_lowerSize);
        int together = pages <= PagesReadWithHeader ? (int)pages : 0;
        Span<byte> start = scratch.HeaderAndRun(together);
        error = _lower.Read(0, start, out int got);
        if (error != Errno.None)
        {
            return error;
        }

        start[got..].Clear();
        HeaderStatus status = ReadHeader(scratch.Header[..Math.Min(got, ExtentLayout.PageSize)]);
        if (status is not (HeaderStatus.Ok or HeaderStatus.Empty))
        {
            return CodecErrno.From(status);
        }

        long last = pages - 1;
        Span<byte> page = together > 0 ? scratch.RunPage(together - 1) : scratch.RunPage(0);
        error = together > 0 ? Errno.None : ReadPages(last, page[..(pages > 0 ? ExtentLayout.PageSize : 0)]);
        if (error == Errno.None && (pages == 0 || !page.ContainsAnyExcept((byte)0)))
        {
            page = scratch.RunPage(0);
            error = FindLastExtent(pages, scratch, out last);
        }

        if (error != Errno.None)
        {
            return error;
        }

        if (status == HeaderStatus.Empty)
        {
            SetEmpty();
            _header = last < 0 ? HeaderPresence.None : HeaderPresence.Erased;
            Report(last < 0 ? ContentFinding.LostHeader : ContentFinding.ErasedHeader);
            return Errno.None;
        }

        if (last < 0)
        {
            SetEmpty();
            return Errno.None;
        }

        return EstablishSize(last, page, scratch);
    }

    private void SetEmpty()
    {
        Volatile.Write(ref _size, 0);
        _lastIsFinal = true;
    }

    private Errno EstablishSize(long last, ReadOnlySpan<byte> page, ContentScratch scratch)
    {
        Span<byte> plaintext = scratch.Plain(0);
        using ExtentCipherPool.Lease lease = _ciphers!.Rent();
        ExtentStatus status = lease.Cipher.Open(last, page, plaintext, out ExtentMeta meta);
        bool isSealed = NativeSizeRule.TryGetUpperSize(_lowerSize, out long sealedSize);
        if (status != ExtentStatus.Ok)
        {
            // That extent answers EIO; so that the others read, the size is what the lower size says, if it can be so.
            Report(ContentFinding.DamagedExtent, last);
            bool agrees = isSealed && ExtentLayout.LastIndexOf(sealedSize) == last;
            Volatile.Write(ref _size, agrees ? sealedSize : ExtentLayout.UpperEnd(last));
            return Errno.None;
        }

        Volatile.Write(ref _size, ExtentLayout.UpperStart(last) + meta.Count);
        _lastIsFinal = meta.IsFinal;
        if (meta.Count < ExtentLayout.ExtentSize)
        {
            _lastExtent.Store(last, plaintext[..meta.Count]);
        }

        if (_lastIsFinal && (!isSealed || sealedSize == _size))
        {
            return Errno.None;
        }

        Report(ContentFinding.CutShort, last);
        return _options.Strict ? Errno.EIO : Errno.None;
    }

    // The last extent page, of the first `pages`, that is not all zeros; -1 if there is none. The last of them is zeros.
    private Errno FindLastExtent(long pages, ContentScratch scratch, out long last)
    {
        last = -1;
        long examined = 0;
        for (long end = pages - 1; end > 0;)
        {
            Errno error = LastPageWithData(end, out long candidate);
            if (error != Errno.None || candidate < 0)
            {
                return error;
            }

            // Data below may still be zeros; so many pages at once that a long stretch of them goes by quickly.
            int count = (int)Math.Min(candidate + 1, examined == 0 ? 1 : scratch.RunPages);
            long first = candidate + 1 - count;
            Span<byte> run = scratch.Run(count);
            error = ReadPages(first, run);
            if (error != Errno.None)
            {
                return error;
            }

            int at = run.LastIndexOfAnyExcept((byte)0);
            if (at >= 0)
            {
                int page = at / ExtentLayout.PageSize;
                last = first + page;
                scratch.RunPage(page).CopyTo(scratch.RunPage(0));
                return Errno.None;
            }

            end = first;
            examined += count;
            if (examined > MaxZeroPages)
            {
                return Errno.EIO;
            }
        }

        return Errno.None;
    }

    // The last extent before `end` whose page the lower filesystem holds data for, or -1: by halves, since SEEK_DATA only
    // looks forward. Without SEEK_DATA, the one before `end`.
    private Errno LastPageWithData(long end, out long index)
    {
        index = -1;
        long low = 0;
        long high = end;
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            Errno error = _lower.SeekData(ExtentLayout.LowerStart(middle), out long found);
            if (error is Errno.EINVAL or Errno.EOPNOTSUPP)
            {
                index = end - 1;
                return Errno.None;
            }

            if (error is not (Errno.None or Errno.ENXIO))
            {
                return error;
            }

            long data = error == Errno.ENXIO ? end : (found / ExtentLayout.PageSize) - 1;
            if (data < high)
            {
                index = data;
                low = data + 1;
            }
            else
            {
                high = middle;
            }
        }

        return Errno.None;
    }
}
