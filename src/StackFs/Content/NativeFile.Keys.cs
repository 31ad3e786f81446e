using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>Keys taken away while the file is open, and given back (Mounting/LEASE.md).</content>
internal sealed partial class NativeFile
{
    // Which file it was, and what its use answers, while the header is withheld.
    private FileId _id;
    private Errno _withheld;

    /// <inheritdoc/>
    public override void DropKeys()
    {
        using ExtentRangeLock.Claim claim = _ranges.Exclude(0, ExtentRangeLock.End);
        _lastExtent.Clear();
        _newHeader = null;
        if (_header == HeaderPresence.Present)
        {
            _id = _keys!.Id;
            _header = HeaderPresence.Withheld;
        }

        _withheld = Errno.ENOKEY;
        _ciphers?.Dispose();
        _ciphers = null;
        _keys?.Dispose();
        _keys = null;
    }

    /// <inheritdoc/>
    public override Errno TakeKeys(ContentScratch scratch)
    {
        using ExtentRangeLock.Claim claim = _ranges.Exclude(0, ExtentRangeLock.End);
        if (_header != HeaderPresence.Withheld)
        {
            return Errno.None;
        }

        Span<byte> page = scratch.Header;
        _withheld = _lower.Read(0, page, out int got);
        if (_withheld == Errno.None)
        {
            _withheld = CodecErrno.From(ReadHeader(page[..got]));
        }

        if (_withheld == Errno.None && _header != HeaderPresence.Present)
        {
            _withheld = Errno.ESTALE; // Empty is no error of the codec's.
        }
        else if (_withheld == Errno.None && _keys!.Id != _id)
        {
            _ciphers!.Dispose();
            _ciphers = null;
            _keys.Dispose();
            _keys = null;
            _header = HeaderPresence.Withheld;
            _withheld = Errno.ESTALE;
        }

        return _withheld;
    }
}
