using System.Buffers.Binary;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Content.Ecryptfs;

/// <content>The header, wherever it is: reading it, making it, and keeping the size in it.</content>
internal sealed partial class EcryptfsFile
{
    // "status" is about the metadata, the result about the lower filesystem.
    private Errno Establish(ContentScratch scratch, out EcryptfsStatus status)
    {
        status = EcryptfsStatus.NotEcryptfs;
        Errno error = _lower.GetLength(out _lowerSize);
        Span<byte> page = scratch.Header;
        int got = 0;
        if (error == Errno.None && _lowerSize > 0)
        {
            error = _lower.Read(0, page, out got);
        }

        if (error != Errno.None)
        {
            return error;
        }

        status = EcryptfsHeader.TryParse(page[..got], out EcryptfsHeader? header);
        long dataStart = header?.HeaderSize ?? EcryptfsFormat.NewHeaderSize;

        // Beside a header a short attribute may copy its first 16 octets; it has to follow the size.
        error = _attributes.Read(page, out int length);
        if (error != Errno.None)
        {
            return error;
        }

        _hasSizeCopy = length == EcryptfsFormat.SizeAndMarker;
        if (status == EcryptfsStatus.NotEcryptfs && _volume.MetadataInAttribute && length > 0 && !_hasSizeCopy)
        {
            status = EcryptfsHeader.TryParse(page[..length], out header);
            _attribute = page[..length].ToArray();
            dataStart = 0;
        }

        _layout = new EcryptfsLayout(dataStart);
        if (header is not null)
        {
            Volatile.Write(ref _size, header.UpperSize);
            _writtenSize = header.UpperSize;
            status = _volume.Keys.TryUnwrap(header, out FileKey? key);
            if (status == EcryptfsStatus.Ok)
            {
                TakeKey(key!);
            }
        }
        else if (status == EcryptfsStatus.NotEcryptfs && _lowerSize == 0)
        {
            // Never written, or a crash took the header before it reached the disk: an empty file, given a header when it
            // is first written.
            _layout = new EcryptfsLayout(_volume.MetadataInAttribute ? 0 : EcryptfsFormat.NewHeaderSize);
            status = EcryptfsStatus.Ok;
        }

        if (status == EcryptfsStatus.Ok && header is not null && _lowerSize < _layout.LowerSize(header.UpperSize))
        {
            _reports.Report(ContentFinding.CutShort, _name, _layout.WholeUpperSize(_lowerSize) / EcryptfsFormat.ExtentSize);
        }

        return Errno.None;
    }

    private void TakeKey(FileKey key)
    {
        _key = key;
        long dataStart = _layout.DataStart;
        _ciphers = new ExtentCipherPool(() => new ExtentCipher(key, dataStart));
    }

    /// <inheritdoc/>
    public override Errno Prepare(ContentScratch scratch)
    {
        if (_ciphers is not null)
        {
            return Errno.None;
        }

        using ExtentRangeLock.Claim claim = _ranges.Exclude(0, ExtentRangeLock.End);
        return BeginChange(scratch);
    }

    // Before the first change of a file without metadata: makes it. A header is whole in the lower file or the file is empty
    // again.
    private Errno BeginChange(ContentScratch scratch)
    {
        if (_ciphers is not null)
        {
            return Errno.None;
        }

        Span<byte> header = scratch.Run(EcryptfsFormat.NewHeaderSize / EcryptfsFormat.ExtentSize);
        header.Clear();
        FileKey key = _volume.CreateMetadata(header, out int length);
        Errno error;
        if (_volume.MetadataInAttribute)
        {
            error = _attributes.Write(header[..length]);
            _attribute = error == Errno.None ? header[..length].ToArray() : null;
        }
        else
        {
            error = WriteAll(0, header, out int written);
            _lowerSize = Math.Max(_lowerSize, written);
            if (error != Errno.None)
            {
                _ = SetLowerSize(0); // A failure leaves a beginning that reads as an empty file or as damaged, never as data.
            }
        }

        if (error != Errno.None)
        {
            key.Dispose();
            return error;
        }

        _writtenSize = 0;
        TakeKey(key);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Seal(ContentScratch scratch)
    {
        if (!NeedsSeal)
        {
            return Errno.None;
        }

        using ExtentRangeLock.Claim claim = _ranges.Exclude(0, ExtentRangeLock.End);
        return NeedsSeal ? PutSize(Size) : Errno.None;
    }

    // Writes the size where the metadata is. Only these eight octets change.
    private Errno PutSize(long size)
    {
        Span<byte> octets = stackalloc byte[EcryptfsFormat.SizeField];
        BinaryPrimitives.WriteInt64BigEndian(octets, size);
        Errno error;
        if (_attribute is not null)
        {
            octets.CopyTo(_attribute);
            error = _attributes.Write(_attribute);
        }
        else
        {
            error = WriteAll(0, octets, out _);
            if (error == Errno.None && _hasSizeCopy)
            {
                error = PutSizeCopy(octets);
            }
        }

        if (error == Errno.None)
        {
            Volatile.Write(ref _writtenSize, size);
        }

        return error;
    }

    private Errno PutSizeCopy(ReadOnlySpan<byte> octets)
    {
        Span<byte> copy = stackalloc byte[EcryptfsFormat.SizeAndMarker];
        Errno error = _lower.Read(0, copy, out _);
        octets.CopyTo(copy);
        return error == Errno.None ? _attributes.Write(copy) : error;
    }

    private Errno SetLowerSize(long lowerSize)
    {
        Errno error = _lower.SetLength(lowerSize);
        _lowerSize = error == Errno.None ? lowerSize : _lowerSize;
        return error;
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
