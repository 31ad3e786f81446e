namespace StackFs.Names;

/// <summary>
/// Encrypted names (Codecs/Native/FORMAT.md section 3): text of the SIV encryption, or a hash name with a companion
/// where that passes 255 bytes.
/// </summary>
/// <remarks>One thread's at a time.</remarks>
internal sealed class EncryptedNames : INameCodec
{
    /// <summary>The longest name that needs no companion, in bytes.</summary>
    internal const int MaxShortLength = 143;

    private readonly NameCipher _cipher;
    private readonly byte[] _text = new byte[LowerNames.MaxCompanionLength];

    /// <summary>A codec over <paramref name="cipher"/>, which stays the caller's, on the same thread.</summary>
    internal EncryptedNames(NameCipher cipher) => _cipher = cipher;

    private static ReadOnlySpan<byte> Kind => "name"u8;

    /// <inheritdoc/>
    public NameStatus Encode(ReadOnlySpan<byte> upper, bool inRoot, Span<byte> lower, out int length)
    {
        length = 0;
        if (upper.Length > LowerNames.MaxLength)
        {
            return NameStatus.TooLong;
        }

        if (!LowerNames.IsEntryName(upper))
        {
            return NameStatus.Invalid;
        }

        if (upper.Length <= MaxShortLength)
        {
            length = _cipher.EncryptText(Kind, upper, lower);
            return NameStatus.Ok;
        }

        int textLength = _cipher.EncryptText(Kind, upper, _text);
        length = LowerNames.WriteLongName(_text.AsSpan(0, textLength), lower);
        return NameStatus.Long;
    }

    /// <inheritdoc/>
    public LowerNameKind Decode(ReadOnlySpan<byte> lower, bool inRoot, Span<byte> upper, out int length)
    {
        if (_cipher.TryDecryptText(Kind, lower, upper, out length))
        {
            return Accept(upper[..length], ref length, isLong: false);
        }

        if (LowerNames.IsLong(lower))
        {
            return LowerNameKind.Long;
        }

        if (LowerNames.IsCompanion(lower) || lower.SequenceEqual(LowerNames.ConversionName) || (inRoot && LowerNames.IsVolumeFile(lower)))
        {
            return LowerNameKind.SideFile;
        }

        lower.CopyTo(upper);
        length = lower.Length;
        return LowerNameKind.Foreign;
    }

    /// <inheritdoc/>
    public int EncodeCompanion(ReadOnlySpan<byte> upper, Span<byte> content) =>
        _cipher.EncryptText(Kind, upper, content);

    /// <inheritdoc/>
    public LowerNameKind DecodeLong(
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> content, Span<byte> upper, out int length)
    {
        length = 0;
        return LowerNames.IsLong(lower)
            && content.Length <= LowerNames.MaxCompanionLength
            && LowerNames.IsHashOf(lower, content)
            && _cipher.TryDecryptText(Kind, content, upper, out length)
                ? Accept(upper[..length], ref length, isLong: true)
                : LowerNameKind.Invalid;
    }

    /// <summary>Nothing: the cipher is its owner's.</summary>
    public void Dispose()
    {
    }

    // A name of the wrong form for its length would not encode to the lower name it came from.
    private static LowerNameKind Accept(ReadOnlySpan<byte> upper, ref int length, bool isLong)
    {
        if (LowerNames.IsEntryName(upper) && upper.Length <= LowerNames.MaxLength
            && isLong == upper.Length > MaxShortLength)
        {
            return LowerNameKind.Name;
        }

        length = 0;
        return LowerNameKind.Invalid;
    }
}
