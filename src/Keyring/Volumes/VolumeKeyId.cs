using System.Runtime.CompilerServices;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Volumes;

/// <summary>
/// Names a volume key: 16 bytes derived from it (SLOTS.md, "Names derived from the VK"). Not secret. Held inline, so
/// that comparing and passing it allocates nothing.
/// </summary>
public readonly record struct VolumeKeyId
{
    /// <summary>Bytes of an id.</summary>
    public const int Length = 16;

    private readonly Value _value;

    /// <summary>Takes the 16 bytes of <paramref name="bytes"/>.</summary>
    public VolumeKeyId(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length, nameof(bytes));
        bytes.CopyTo(_value);
    }

    /// <summary>The first 8 bytes, as people and options name the key.</summary>
    public Signature Signature
    {
        get
        {
            ReadOnlySpan<byte> bytes = _value;
            return new Signature(bytes[..Signature.Length]);
        }
    }

    /// <summary>The id of <paramref name="volumeKey"/>, 32 bytes.</summary>
    public static VolumeKeyId Of(SecretBuffer volumeKey)
    {
        using SecretBuffer id = HkdfSha256.Derive(volumeKey, "id"u8, Length);
        return id.Use(0, static (bytes, _) => new VolumeKeyId(bytes));
    }

    /// <summary>Parses what <see cref="ToString"/> writes, in either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out VolumeKeyId id)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bool ok = HexText.TryParse(text, bytes);
        id = ok ? new VolumeKeyId(bytes) : default;
        return ok;
    }

    /// <summary>Writes the 16 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        ReadOnlySpan<byte> bytes = _value;
        bytes.CopyTo(destination);
    }

    /// <summary>Whether these are the same 16 bytes.</summary>
    public bool Matches(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> mine = _value;
        return mine.SequenceEqual(bytes);
    }

    /// <inheritdoc/>
    public bool Equals(VolumeKeyId other) => Matches(other._value);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        ReadOnlySpan<byte> bytes = _value;
        return BitConverter.ToInt32(bytes);
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(_value);

    [InlineArray(Length)]
    private struct Value
    {
        private byte _first;
    }
}
