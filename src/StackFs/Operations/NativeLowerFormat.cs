using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;
using StackFs.Lower;
using StackFs.Mounting;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>The native format (Codecs/Native/FORMAT.md). Has no keys before <see cref="TryTakeKeys"/>.</summary>
internal sealed class NativeLowerFormat : LowerFormat
{
    private readonly NativeVolume _volume;
    private readonly OpenFileOptions _options;
    private SecretBuffer? _namesKey;
    private readonly bool _hasPlainNames;
    private readonly Signature _signature;

    /// <summary>The format of a volume.</summary>
    /// <param name="volume">Makes and opens the headers of its files; stays the caller's.</param>
    /// <param name="options">How content is opened.</param>
    /// <param name="hasPlainNames">Whether names are stored as they are (<c>names=plain</c>).</param>
    /// <param name="signature">The volume's signature.</param>
    internal NativeLowerFormat(
        NativeVolume volume, OpenFileOptions options, bool hasPlainNames, Signature signature)
    {
        _signature = signature;
        _volume = volume;
        _options = options;
        _hasPlainNames = hasPlainNames;
    }

    /// <inheritdoc/>
    internal override FormatDescription Description => new(
        "native", "AES-256-GCM", !_hasPlainNames, _signature.ToString());

    /// <inheritdoc/>
    internal override ulong HeaderBlocks => NativeFormat.PageSize / 512;

    /// <inheritdoc/>
    internal override bool TakesTurns => true;

    /// <inheritdoc/>
    internal override void DropKeys()
    {
        _namesKey?.Dispose();
        _namesKey = null;
    }

    /// <inheritdoc/>
    internal override bool TryTakeKeys()
    {
        if (!_volume.TryOpenNamesKey(out SecretBuffer? key))
        {
            return false;
        }

        using (key)
        {
            _namesKey?.Dispose();
            _namesKey = NameCipher.DeriveKey(key);
            return true;
        }
    }

    /// <inheritdoc/>
    internal override FormatCodecs CreateCodecs()
    {
        NameCipher cipher = new(_namesKey ?? throw new InvalidOperationException("the key is not here"));
        return new FormatCodecs(
            _hasPlainNames ? new PlainNames() : new EncryptedNames(cipher),
            new SymlinkTargets(cipher),
            new ExtendedAttributes(cipher),
            cipher);
    }

    /// <inheritdoc/>
    internal override Errno OpenContent(
        SafeFd lower, ContentReports reports, object name, ContentScratch scratch, out OpenFile? file) =>
        NativeFile.Open(new DescriptorFile(lower), _volume, _options, reports, name, scratch, out file);

    /// <inheritdoc/>
    internal override bool TryGetUpperSize(long lowerSize, in LowerAddress address, out long upperSize) =>
        NativeSizeRule.TryGetUpperSize(lowerSize, out upperSize);

    /// <inheritdoc/>
    internal override long GuessUpperSize(long lowerSize) =>
        Math.Max((lowerSize / NativeFormat.PageSize) - 1, 0) * NativeFormat.ExtentSize;

    /// <inheritdoc/>
    internal override int LongestName(int lowerLimit) => LowerNames.MaxLength;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            DropKeys();
        }

        base.Dispose(disposing);
    }
}
