using StackFs.Codecs.Ecryptfs;
using StackFs.Content;
using StackFs.Content.Ecryptfs;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Mounting;
using StackFs.Names.Ecryptfs;

namespace StackFs.Operations;

/// <summary>The eCryptfs format (Codecs/Ecryptfs/FORMAT.md).</summary>
internal sealed class EcryptfsLowerFormat : LowerFormat
{
    private readonly EcryptfsVolume _volume;

    /// <summary>The format of a mount; owns <paramref name="volume"/>.</summary>
    internal EcryptfsLowerFormat(EcryptfsVolume volume) => _volume = volume;

    /// <inheritdoc/>
    internal override FormatDescription Description => new(
        "ecryptfs",
        _volume.Cipher.ToString(),
        _volume.NamesKey is not null,
        string.Join(',', _volume.ContentSignatures));

    /// <summary>None: programs see the lower file's blocks, as with the kernel module.</summary>
    internal override ulong HeaderBlocks => 0;

    /// <inheritdoc/>
    internal override FormatCodecs CreateCodecs()
    {
        // The encrypted view shows names as they are below.
        if (_volume.NamesKey is not { } key || _volume.EncryptedView)
        {
            return new FormatCodecs(new VerbatimNames(), new VerbatimTargets(), new PassedAttributes());
        }

        NameCipher cipher = new(_volume.NamesCipher, key);
        return new FormatCodecs(
            new EcryptfsNames(cipher), new EcryptfsTargets(cipher), new PassedAttributes(), cipher);
    }

    /// <inheritdoc/>
    internal override Errno OpenContent(
        SafeFd lower, ContentReports reports, object name, ContentScratch scratch, out OpenFile? file) =>
        EcryptfsFile.Open(
            new DescriptorFile(lower), new DescriptorAttributes(lower), _volume, reports, name, scratch, out file);

    /// <summary>
    /// The size that the file's own front states, or the attribute; of a file that is not eCryptfs's, or cannot be read, the
    /// lower size.
    /// </summary>
    /// <inheritdoc/>
    internal override bool TryGetUpperSize(long lowerSize, in LowerAddress address, out long upperSize)
    {
        upperSize = lowerSize;
        if (_volume.EncryptedView ? !_volume.MetadataInAttribute : lowerSize == 0 && !_volume.MetadataInAttribute)
        {
            return true;
        }

        int flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking;
        Errno error = address.IsSelf
            ? Libc.Reopen(address.Directory, flags, out SafeFd? fd)
            : Libc.OpenBeneath(address.Directory, address.Name, flags | OpenFlags.NoFollow, 0, out fd);
        if (error != Errno.None)
        {
            return true;
        }

        using (fd)
        {
            upperSize = ReadSize(fd!, lowerSize);
        }

        return true;
    }

    /// <inheritdoc/>
    internal override long GuessUpperSize(long lowerSize) => lowerSize;

    /// <inheritdoc/>
    internal override int LongestName(int lowerLimit) => _volume.NamesKey is null || _volume.EncryptedView
        ? lowerLimit
        : NameLimits.UpperNameMax(lowerLimit, _volume.NamesCipher.BlockSize);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _volume.Dispose();
        }

        base.Dispose(disposing);
    }

    private long ReadSize(SafeFd file, long lowerSize)
    {
        Span<byte> start = stackalloc byte[EcryptfsFormat.SizeAndMarker];
        bool inFile = Libc.PReadFully(file, start, 0, out int length) == Errno.None
            && EcryptfsHeader.TryReadSize(start[..length], out long size) && size >= 0;
        if (_volume.EncryptedView)
        {
            return EncryptedViewFile.SizeOf(lowerSize, !inFile && TryReadAttribute(file, out _));
        }

        if (inFile)
        {
            _ = EcryptfsHeader.TryReadSize(start, out size);
            return size;
        }

        return TryReadAttribute(file, out size) ? size : lowerSize;
    }

    /// <summary>The size that a file's metadata attribute states; false where there is none, or the mount takes none.</summary>
    internal bool TryReadAttribute(SafeFd file, out long size)
    {
        size = 0;
        if (!_volume.MetadataInAttribute)
        {
            return false;
        }

        byte[] value = System.Buffers.ArrayPool<byte>.Shared.Rent(EcryptfsFormat.ParsedSize);
        try
        {
            return Libc.GetXattr(file, [], EcryptfsFormat.AttributeName, value, out int length) == Errno.None
                && length > EcryptfsFormat.SizeAndMarker
                && EcryptfsHeader.TryReadSize(value.AsSpan(0, length), out size) && size >= 0;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(value);
        }
    }
}
