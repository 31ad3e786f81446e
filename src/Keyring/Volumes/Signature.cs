using System.Buffers.Binary;

namespace StackFs.Keyring.Volumes;

/// <summary>
/// The short name of a volume key: 16 lower-case hexadecimal digits, what lists show and options take (as eCryptfs's
/// <c>ecryptfs_sig</c>). Enough to choose by; the full <see cref="VolumeKeyId"/> decides.
/// </summary>
public readonly record struct Signature
{
    /// <summary>Bytes of a signature.</summary>
    public const int Length = 8;

    private readonly ulong _value;

    /// <summary>Takes the 8 bytes of <paramref name="bytes"/>.</summary>
    public Signature(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length, nameof(bytes));
        _value = BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>Parses 16 hexadecimal digits, in either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Signature signature)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bool ok = HexText.TryParse(text, bytes);
        signature = ok ? new Signature(bytes) : default;
        return ok;
    }

    /// <summary>16 lower-case hexadecimal digits.</summary>
    public override string ToString() => _value.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
