using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StackFs.Names;

/// <summary>What encoding or decoding an extended attribute came to; <see cref="NameErrno"/> turns it into an errno.</summary>
internal enum XattrStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>A long name: its lower value begins with the encrypted name.</summary>
    Long = 1,

    /// <summary>Not encrypted: an ACL, <c>security.</c> or <c>trusted.</c>; name and value are the lower ones.</summary>
    PassThrough = 2,

    /// <summary>A lower <c>user.</c> attribute that is not StackFs's: not shown.</summary>
    Hidden = 3,

    /// <summary>No name after <c>user.</c>, or a NUL in it.</summary>
    Invalid = 4,

    /// <summary>A name longer than 255 bytes.</summary>
    TooLong = 5,

    /// <summary>A value that does not fit below, where 65,536 bytes are the most.</summary>
    ValueTooLong = 6,

    /// <summary>Changed, or never written by StackFs.</summary>
    AuthenticationFailed = 7,
}

/// <summary>
/// Between upper and lower extended attributes (Codecs/Native/FORMAT.md section 5). Names are whole ones, with their
/// namespace and without a terminator.
/// </summary>
/// <remarks>
/// One thread's at a time. Nothing allocates, but for a buffer that grows once to the largest value seen.
/// </remarks>
internal sealed class ExtendedAttributes : IAttributeCodec
{
    /// <summary>The longest attribute name, upper and lower, in bytes: XATTR_NAME_MAX.</summary>
    internal const int MaxNameLength = 255;

    /// <summary>The longest lower value, in bytes: XATTR_SIZE_MAX.</summary>
    internal const int MaxLowerValueLength = 65_536;

    // After "user.": the longest name whose text fits, and what stands before the name in a long value.
    private const int MaxShortLength = 135;
    private const int LengthSize = 2;

    // The byte before the value, which keeps an empty one from being an empty plaintext.
    private const byte ValueMark = 0;

    private readonly NameCipher _cipher;

    // Plaintext: where the collector does not move it about, and wiped at the end.
    private readonly byte[] _name = GC.AllocateArray<byte>(MaxNameLength, pinned: true);
    private readonly byte[] _text = new byte[LowerNames.MaxCompanionLength];
    private byte[] _value = GC.AllocateArray<byte>(4096, pinned: true);

    /// <summary>A codec over <paramref name="cipher"/>, which stays the caller's, on the same thread.</summary>
    internal ExtendedAttributes(NameCipher cipher) => _cipher = cipher;

    private static ReadOnlySpan<byte> UserPrefix => "user."u8;

    private static ReadOnlySpan<byte> LowerPrefix => "user.stackfs."u8;

    private static ReadOnlySpan<byte> LongSuffix => ".long"u8;

    private static ReadOnlySpan<byte> NameKind => "xattr name"u8;

    private static ReadOnlySpan<byte> ValueKind => "xattr value"u8;

    private static int LongNameLength => LowerPrefix.Length + LowerNames.HashLength + LongSuffix.Length;

    /// <summary>Bytes by which the lower value of an attribute is longer than the upper one.</summary>
    /// <param name="upper">The attribute's name.</param>
    internal static int Overhead(ReadOnlySpan<byte> upper)
    {
        if (!upper.StartsWith(UserPrefix))
        {
            return 0;
        }

        int name = upper.Length - UserPrefix.Length;
        return 1 + NameCipher.Overhead + (name > MaxShortLength ? LengthSize + name + NameCipher.Overhead : 0);
    }

    /// <summary>Encodes a name.</summary>
    /// <param name="upper">The upper name.</param>
    /// <param name="lower">At least <see cref="MaxNameLength"/> bytes.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>Ok, Long or PassThrough; Invalid or TooLong.</returns>
    public XattrStatus EncodeName(ReadOnlySpan<byte> upper, Span<byte> lower, out int length)
    {
        length = 0;
        if (upper.Length > MaxNameLength)
        {
            return XattrStatus.TooLong;
        }

        if (!upper.StartsWith(UserPrefix))
        {
            upper.CopyTo(lower);
            length = upper.Length;
            return XattrStatus.PassThrough;
        }

        ReadOnlySpan<byte> name = upper[UserPrefix.Length..];
        if (!IsName(name))
        {
            return XattrStatus.Invalid;
        }

        LowerPrefix.CopyTo(lower);
        Span<byte> rest = lower[LowerPrefix.Length..];
        if (name.Length <= MaxShortLength)
        {
            length = LowerPrefix.Length + _cipher.EncryptText(NameKind, name, rest);
            return XattrStatus.Ok;
        }

        int textLength = _cipher.EncryptText(NameKind, name, _text);
        LowerNames.WriteHash(_text.AsSpan(0, textLength), rest);
        LongSuffix.CopyTo(rest[LowerNames.HashLength..]);
        length = LongNameLength;
        return XattrStatus.Long;
    }

    /// <summary>Decodes a name from a lower list.</summary>
    /// <param name="lower">The lower name.</param>
    /// <param name="upper">At least <see cref="MaxNameLength"/> bytes.</param>
    /// <param name="length">Bytes written; 0 unless Ok or PassThrough.</param>
    /// <returns>Ok; PassThrough; Long, for <see cref="DecodeLongName"/> with the value; Hidden.</returns>
    public XattrStatus DecodeName(ReadOnlySpan<byte> lower, Span<byte> upper, out int length)
    {
        length = 0;
        if (!lower.StartsWith(UserPrefix))
        {
            if (lower.Length > MaxNameLength)
            {
                return XattrStatus.Hidden;
            }

            lower.CopyTo(upper);
            length = lower.Length;
            return XattrStatus.PassThrough;
        }

        if (!lower.StartsWith(LowerPrefix))
        {
            return XattrStatus.Hidden;
        }

        if (lower.Length == LongNameLength && lower.EndsWith(LongSuffix))
        {
            return XattrStatus.Long;
        }

        return _cipher.TryDecryptText(NameKind, lower[LowerPrefix.Length..], _name, out int count)
            && count <= MaxShortLength
            ? Accept(_name.AsSpan(0, count), upper, out length)
            : XattrStatus.Hidden;
    }

    /// <summary>Decodes a long name from the lower value, which is verified against the lower name.</summary>
    /// <param name="lower">A name for which <see cref="DecodeName"/> gave Long.</param>
    /// <param name="lowerValue">Its value, or as much of its beginning as holds the name: 268 bytes suffice.</param>
    /// <param name="upper">At least <see cref="MaxNameLength"/> bytes.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok, or Hidden when the value is not the name's.</returns>
    public XattrStatus DecodeLongName(
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> lowerValue, Span<byte> upper, out int length)
    {
        length = 0;
        if (!TrySplit(lowerValue, out ReadOnlySpan<byte> encrypted))
        {
            return XattrStatus.Hidden;
        }

        Span<byte> text = _text.AsSpan(0, Base32Hex.Encode(encrypted, _text));
        Span<byte> name = _name.AsSpan(0, encrypted.Length - NameCipher.Overhead);
        return LowerNames.IsHashOf(lower[LowerPrefix.Length..], text)
            && _cipher.TryDecrypt(NameKind, default, encrypted, name)
                ? Accept(name, upper, out length)
                : XattrStatus.Hidden;
    }

    /// <summary>Encodes a value of a <c>user.</c> attribute; of any other it is the lower value as it is.</summary>
    /// <param name="upper">The attribute's upper name, for which <see cref="EncodeName"/> gave Ok or Long.</param>
    /// <param name="value">The upper value, which may be empty.</param>
    /// <param name="lowerValue">At least <see cref="Overhead"/> longer.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok or ValueTooLong.</returns>
    public XattrStatus EncodeValue(
        ReadOnlySpan<byte> upper, ReadOnlySpan<byte> value, Span<byte> lowerValue, out int length)
    {
        length = 0;
        int total = value.Length + Overhead(upper);
        if (total > MaxLowerValueLength)
        {
            return XattrStatus.ValueTooLong;
        }

        ReadOnlySpan<byte> name = upper[UserPrefix.Length..];
        Span<byte> rest = lowerValue[..total];
        if (name.Length > MaxShortLength)
        {
            int encryptedLength = name.Length + NameCipher.Overhead;
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)encryptedLength);
            _cipher.Encrypt(NameKind, default, name, rest.Slice(LengthSize, encryptedLength));
            rest = rest[(LengthSize + encryptedLength)..];
        }

        Span<byte> marked = Scratch(value.Length + 1);
        marked[0] = ValueMark;
        value.CopyTo(marked[1..]);
        _cipher.Encrypt(ValueKind, name, marked, rest);
        CryptographicOperations.ZeroMemory(marked);
        length = total;
        return XattrStatus.Ok;
    }

    /// <summary>Decodes a value of a <c>user.</c> attribute.</summary>
    /// <param name="upper">The attribute's upper name.</param>
    /// <param name="lowerValue">The whole lower value.</param>
    /// <param name="value">At least as long as the lower value less <see cref="Overhead"/>.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok or AuthenticationFailed.</returns>
    public XattrStatus DecodeValue(
        ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lowerValue, Span<byte> value, out int length)
    {
        length = 0;
        ReadOnlySpan<byte> name = upper[UserPrefix.Length..];
        if (name.Length > MaxShortLength)
        {
            if (!TrySplit(lowerValue, out ReadOnlySpan<byte> encrypted) || !IsEncryptionOf(name, encrypted))
            {
                return XattrStatus.AuthenticationFailed;
            }

            lowerValue = lowerValue[(LengthSize + encrypted.Length)..];
        }

        int count = lowerValue.Length - NameCipher.Overhead;
        if (count < 1 || lowerValue.Length > MaxLowerValueLength)
        {
            return XattrStatus.AuthenticationFailed;
        }

        Span<byte> marked = Scratch(count);
        if (!_cipher.TryDecrypt(ValueKind, name, lowerValue, marked) || marked[0] != ValueMark)
        {
            return XattrStatus.AuthenticationFailed;
        }

        marked[1..].CopyTo(value);
        CryptographicOperations.ZeroMemory(marked);
        length = count - 1;
        return XattrStatus.Ok;
    }

    private static bool IsName(ReadOnlySpan<byte> name) => !name.IsEmpty && !name.Contains((byte)0);

    // The encrypted name at the front of a long attribute's value.
    private static bool TrySplit(ReadOnlySpan<byte> lowerValue, out ReadOnlySpan<byte> encrypted)
    {
        encrypted = default;
        if (lowerValue.Length < LengthSize)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(lowerValue);
        int name = length - NameCipher.Overhead;
        if (name <= MaxShortLength || name > MaxNameLength - UserPrefix.Length || lowerValue.Length < LengthSize + length)
        {
            return false;
        }

        encrypted = lowerValue.Slice(LengthSize, length);
        return true;
    }

    private static XattrStatus Accept(ReadOnlySpan<byte> name, Span<byte> upper, out int length)
    {
        length = 0;
        if (!IsName(name))
        {
            return XattrStatus.Hidden;
        }

        UserPrefix.CopyTo(upper);
        name.CopyTo(upper[UserPrefix.Length..]);
        length = UserPrefix.Length + name.Length;
        return XattrStatus.Ok;
    }

    /// <summary>Wipes names and values; the cipher is its owner's.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_name);
        CryptographicOperations.ZeroMemory(_value);
    }

    private bool IsEncryptionOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> encrypted)
    {
        Span<byte> found = _name.AsSpan(0, encrypted.Length - NameCipher.Overhead);
        return _cipher.TryDecrypt(NameKind, default, encrypted, found) && found.SequenceEqual(name);
    }

    private Span<byte> Scratch(int length)
    {
        if (_value.Length < length)
        {
            CryptographicOperations.ZeroMemory(_value);
            _value = GC.AllocateArray<byte>(MaxLowerValueLength, pinned: true);
        }

        return _value.AsSpan(0, length);
    }
}
