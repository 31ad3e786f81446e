using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace StackFs.Keyring.Ecryptfs;

/// <summary>
/// The name of an eCryptfs key: 8 octets, written as 16 lower-case hexadecimal digits in options and files and raw
/// in packets (Codecs/Ecryptfs/FORMAT.md section 2). It is public.
/// </summary>
public readonly record struct EcryptfsSignature
{
    /// <summary>Octets of a signature in a packet.</summary>
    public const int Size = 8;

    /// <summary>Digits of a signature in text.</summary>
    public const int TextLength = 16;

    private readonly ulong _value;

    /// <summary>Takes a signature from its 8 raw octets.</summary>
    /// <exception cref="ArgumentException">There are not exactly 8.</exception>
    public EcryptfsSignature(ReadOnlySpan<byte> octets)
    {
        if (octets.Length != Size)
        {
            throw new ArgumentException("A signature is 8 octets.", nameof(octets));
        }

        _value = BinaryPrimitives.ReadUInt64BigEndian(octets);
    }

    private EcryptfsSignature(ulong value) => _value = value;

    /// <summary>Reads 16 hexadecimal digits of either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out EcryptfsSignature signature)
    {
        bool ok = text.Length == TextLength
            & ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value);
        signature = ok ? new EcryptfsSignature(value) : default;
        return ok;
    }

    /// <summary>Reads 16 hexadecimal digits in ASCII, of either case.</summary>
    public static bool TryParse(ReadOnlySpan<byte> ascii, out EcryptfsSignature signature)
    {
        signature = default;
        if (ascii.Length != TextLength)
        {
            return false;
        }

        Span<char> text = stackalloc char[TextLength];
        return Encoding.ASCII.GetChars(ascii, text) == TextLength && TryParse((ReadOnlySpan<char>)text, out signature);
    }

    /// <summary>Writes the 8 raw octets.</summary>
    public void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt64BigEndian(destination, _value);

    /// <summary>The 16 lower-case hexadecimal digits.</summary>
    public override string ToString() => _value.ToString("x16", CultureInfo.InvariantCulture);
}
