using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>The header page: read on opening, made with the first data, changed under its lock.</content>
internal sealed partial class NativeFile
{
    private readonly byte[] _headerMac = new byte[NativeFormat.MacSize];
    private FileKeys? _keys;
    private byte[]? _newHeader;

    // Leaves the keys at hand if the status is Ok.
    private HeaderStatus ReadHeader(ReadOnlySpan<byte> page)
    {
        bool isWhole = page.Length == ExtentLayout.PageSize;
        if (isWhole && _header == HeaderPresence.Present && page[NativeFormat.MacOffset..].SequenceEqual(_headerMac))
        {
            // Seen before, and found authentic then: whatever else the page says now was not written by a client.
            return HeaderStatus.Ok;
        }

        HeaderStatus status = _volume.Open(page, out HeaderFlags flags, out FileKeys? keys);
        if (status == HeaderStatus.Ok)
        {
            if (_header == HeaderPresence.Present && _keys!.Id != keys!.Id)
            {
                keys.Dispose();
                return HeaderStatus.Replaced;
            }

            TakeKeys(keys!);
            _newHeader = null;
            _header = HeaderPresence.Present;
            _isSparse = (flags & HeaderFlags.Sparse) != 0;
            page[NativeFormat.MacOffset..].CopyTo(_headerMac);
        }

        return status;
    }

    private void TakeKeys(FileKeys keys)
    {
        _ciphers?.Dispose();
        _keys?.Dispose();
        _keys = keys;
        _ciphers = new ExtentCipherPool(() => new ExtentCipher(keys));
    }

    // Before the first change: makes keys and a header for a file that has none. `isNew` says that the header is in
    // scratch and still has to reach the lower file, before or with the first extent.
    private Errno BeginChange(ContentScratch scratch, out bool isNew)
    {
        isNew = false;
        switch (_header)
        {
            case HeaderPresence.Present:
                return Errno.None;
            case HeaderPresence.Erased or HeaderPresence.Withheld:
                return Barred;
            default:
                // Where others write too, the turn has looked for the header of another under the lock.
                isNew = true;
                return MakeHeader(scratch);
        }
    }

    // Leaves the new header in scratch.
    private Errno MakeHeader(ContentScratch scratch)
    {
        if (_newHeader is null)
        {
            byte[] page = new byte[ExtentLayout.PageSize];
            HeaderStatus status = _volume.Create(page, out FileKeys? keys);
            if (status != HeaderStatus.Ok)
            {
                return CodecErrno.From(status);
            }

            _newHeader = page;
            TakeKeys(keys!);
        }

        _newHeader.CopyTo(scratch.Header);
        return Errno.None;
    }

    private Errno PutNewHeader(ContentScratch scratch)
    {
        Errno error = WriteAll(0, scratch.Header, out int written);
        _ = NewHeaderWritten(written);
        return error;
    }

    // Of a new header that was cut off nothing stays; it is kept to be written with the next try.
    private bool NewHeaderWritten(int written)
    {
        if (written < ExtentLayout.PageSize)
        {
            _ = SetLowerSize(0); // A failure leaves a beginning that reads as an empty file.
            return false;
        }

        _newHeader.AsSpan(NativeFormat.MacOffset).CopyTo(_headerMac);
        _newHeader = null;
        _header = HeaderPresence.Present;
        _modified = true;
        _lowerSize = Math.Max(_lowerSize, ExtentLayout.PageSize);
        return true;
    }

    private Errno SetSparse(ContentScratch scratch)
    {
        // Where others write too, the turn has the lock already.
        Errno error = _options.Shared ? Errno.None : LockLower(forWriting: true);
        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            Span<byte> page = scratch.Header;
            error = _lower.Read(0, page, out int got);
            page[got..].Clear();
            if (error == Errno.None)
            {
                error = CodecErrno.From(_volume.SetSparse(page, _keys!));
            }

            if (error == Errno.None)
            {
                error = WriteAll(0, page, out _);
                page[NativeFormat.MacOffset..].CopyTo(_headerMac);
            }
        }
        finally
        {
            if (!_options.Shared)
            {
                UnlockLower();
            }
        }

        if (error == Errno.None)
        {
            _isSparse = true;
            _unsynced = true;
            _anchorsUnsynced = true;
            _gaps.Clear();
        }

        return error;
    }
}
