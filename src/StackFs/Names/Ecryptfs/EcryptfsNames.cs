using StackFs.Codecs.Ecryptfs;

namespace StackFs.Names.Ecryptfs;

/// <summary>
/// Encrypted names of the eCryptfs format (Codecs/Ecryptfs/FORMAT.md section 6). There are no long forms: a name whose
/// encryption passes 255 octets, from 144 on, is too long. Entries of other keys, and those no lookup could find, are not
/// shown, as the kernel module does not show them.
/// </summary>
/// <remarks>One thread's at a time.</remarks>
internal sealed class EcryptfsNames : INameCodec
{
    private readonly Codecs.Ecryptfs.NameCipher _cipher;

    /// <summary>A codec over <paramref name="cipher"/>, which stays the caller's, on the same thread.</summary>
    internal EcryptfsNames(Codecs.Ecryptfs.NameCipher cipher) => _cipher = cipher;

    /// <inheritdoc/>
    public NameStatus Encode(ReadOnlySpan<byte> upper, bool inRoot, Span<byte> lower, out int length)
    {
        length = 0;
        if (!LowerNames.IsEntryName(upper))
        {
            return NameStatus.Invalid;
        }

        return _cipher.Encode(upper, lower[..LowerNames.MaxLength], out length) == Codecs.Ecryptfs.NameStatus.Ok
            ? NameStatus.Ok
            : NameStatus.TooLong;
    }

    /// <inheritdoc/>
    public LowerNameKind Decode(ReadOnlySpan<byte> lower, bool inRoot, Span<byte> upper, out int length)
    {
        if (_cipher.Decode(lower, upper, out length) != Codecs.Ecryptfs.NameStatus.Ok)
        {
            // A plaintext name, as lost+found, is nobody's damage.
            return lower.StartsWith(NamePacket.Prefix) ? LowerNameKind.Invalid : LowerNameKind.SideFile;
        }

        if (LowerNames.IsEntryName(upper[..length]))
        {
            return LowerNameKind.Name;
        }

        length = 0;
        return LowerNameKind.Invalid;
    }

    /// <summary>Never called: no name is Long.</summary>
    public int EncodeCompanion(ReadOnlySpan<byte> upper, Span<byte> content) =>
        throw new InvalidOperationException("eCryptfs names have no companions.");

    /// <summary>Never called: no name is Long.</summary>
    public LowerNameKind DecodeLong(
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> content, Span<byte> upper, out int length) =>
        throw new InvalidOperationException("eCryptfs names have no companions.");

    /// <summary>Nothing: the cipher is its owner's.</summary>
    public void Dispose()
    {
    }
}
