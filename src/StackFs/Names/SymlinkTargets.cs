namespace StackFs.Names;

/// <summary>What encoding or decoding a symlink's target came to; <see cref="NameErrno"/> turns it into an errno.</summary>
internal enum TargetStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The lower symlink names a companion in its directory, which holds the target.</summary>
    Companion = 1,

    /// <summary>Empty, or with a NUL.</summary>
    Invalid = 2,

    /// <summary>Longer than 4,095 bytes.</summary>
    TooLong = 3,

    /// <summary>Changed, or never written by StackFs.</summary>
    AuthenticationFailed = 4,
}

/// <summary>Between upper and lower symlink targets (Codecs/Native/FORMAT.md section 4). Nothing here allocates.</summary>
/// <remarks>One thread's at a time; companions are the caller's to read and write.</remarks>
internal sealed class SymlinkTargets : ITargetCodec
{
    /// <summary>The longest upper target, in bytes: PATH_MAX without its terminator.</summary>
    internal const int MaxLength = NameCipher.MaxPlaintextLength;

    /// <summary>The longest lower target, in bytes: every lower filesystem holds that.</summary>
    internal const int MaxLowerLength = 1023;

    /// <summary>The longest content of a companion.</summary>
    internal const int MaxCompanionLength = 6578;

    private readonly NameCipher _cipher;
    private readonly byte[] _text = new byte[MaxCompanionLength];

    /// <summary>A codec over <paramref name="cipher"/>, which stays the caller's, on the same thread.</summary>
    internal SymlinkTargets(NameCipher cipher) => _cipher = cipher;

    private static ReadOnlySpan<byte> Kind => "symlink"u8;

    /// <summary>The size of an upper symlink, from that of the lower one.</summary>
    /// <param name="lowerSize">As <c>lstat</c> gives it.</param>
    /// <returns>
    /// Bytes; -1 when the lower symlink names a companion, to whose size <see cref="SizeOfText"/> then applies.
    /// </returns>
    internal static long SizeOf(long lowerSize) => lowerSize == LowerNames.TargetLength ? -1 : SizeOfText(lowerSize);

    /// <summary>The size of the target that a text of <paramref name="textLength"/> characters holds, or 0 if none.</summary>
    internal static long SizeOfText(long textLength) => textLength is < 0 or > MaxCompanionLength
        ? 0
        : Math.Max(Base32Hex.DecodedLength((int)textLength) - NameCipher.Overhead, 0);

    /// <inheritdoc/>
    long ITargetCodec.SizeOf(long lowerSize) => SizeOf(lowerSize);

    /// <summary>Encodes a target.</summary>
    /// <param name="target">The upper target.</param>
    /// <param name="lower">Receives the lower symlink's target; at least <see cref="MaxLowerLength"/> bytes.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>
    /// Ok; Companion when <paramref name="lower"/> is the name of a companion, to be created first with the content of
    /// <see cref="EncodeCompanion"/>; Invalid; TooLong.
    /// </returns>
    public TargetStatus Encode(ReadOnlySpan<byte> target, Span<byte> lower, out int length)
    {
        length = 0;
        if (target.Length > MaxLength)
        {
            return TargetStatus.TooLong;
        }

        if (target.IsEmpty || target.Contains((byte)0))
        {
            return TargetStatus.Invalid;
        }

        if (NameCipher.TextLength(target.Length) <= MaxLowerLength)
        {
            length = _cipher.EncryptText(Kind, target, lower);
            return TargetStatus.Ok;
        }

        int textLength = _cipher.EncryptText(Kind, target, _text);
        length = LowerNames.WriteTargetName(_text.AsSpan(0, textLength), lower);
        return TargetStatus.Companion;
    }

    /// <summary>The content of the companion of a target for which <see cref="Encode"/> gave Companion.</summary>
    /// <param name="target">The upper target.</param>
    /// <param name="content">At least <see cref="MaxCompanionLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int EncodeCompanion(ReadOnlySpan<byte> target, Span<byte> content) =>
        _cipher.EncryptText(Kind, target, content);

    /// <summary>Decodes a lower symlink's target.</summary>
    /// <param name="lower">What <c>readlink</c> gave.</param>
    /// <param name="target">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok; Companion when <paramref name="lower"/> names one; AuthenticationFailed.</returns>
    public TargetStatus Decode(ReadOnlySpan<byte> lower, Span<byte> target, out int length)
    {
        length = 0;
        if (LowerNames.IsTargetCompanion(lower))
        {
            return TargetStatus.Companion;
        }

        return lower.Length <= MaxLowerLength ? DecodeText(lower, target, out length) : TargetStatus.AuthenticationFailed;
    }

    /// <summary>Decodes the target in a companion, which is verified against its name.</summary>
    /// <param name="name">The companion's name: the lower symlink's target.</param>
    /// <param name="content">Its content; more than <see cref="MaxCompanionLength"/> bytes need not be read.</param>
    /// <param name="target">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok or AuthenticationFailed.</returns>
    public TargetStatus DecodeCompanion(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> content, Span<byte> target, out int length)
    {
        length = 0;
        return LowerNames.IsTargetCompanion(name)
            && content.Length is > MaxLowerLength and <= MaxCompanionLength
            && LowerNames.IsHashOf(name, content)
                ? DecodeText(content, target, out length)
                : TargetStatus.AuthenticationFailed;
    }

    private TargetStatus DecodeText(ReadOnlySpan<byte> text, Span<byte> target, out int length)
    {
        if (_cipher.TryDecryptText(Kind, text, target, out length) && !target[..length].Contains((byte)0))
        {
            return TargetStatus.Ok;
        }

        length = 0;
        return TargetStatus.AuthenticationFailed;
    }
}
