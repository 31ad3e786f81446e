using System.Buffers.Binary;
using System.Globalization;

namespace StackFs.Keyring.Ecryptfs;

/// <summary>The 8 octets that separate one key from another made of the same passphrase. Public.</summary>
public readonly record struct EcryptfsSalt
{
    /// <summary>Octets of a salt.</summary>
    public const int Size = 8;

    private readonly ulong _value;

    /// <summary>Takes a salt from its 8 raw octets.</summary>
    /// <exception cref="ArgumentException">There are not exactly 8.</exception>
    public EcryptfsSalt(ReadOnlySpan<byte> octets)
    {
        if (octets.Length != Size)
        {
            throw new ArgumentException("A salt is 8 octets.", nameof(octets));
        }

        _value = BinaryPrimitives.ReadUInt64BigEndian(octets);
    }

    /// <summary>The salt of content keys unless the user chose another.</summary>
    public static EcryptfsSalt Content { get; } = new([0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);

    /// <summary>
    /// The salt of an encrypted home's filename key: the first eight ASCII characters of the text
    /// <c>9988776655443322</c>, which the original tools pass where eight octets are expected.
    /// </summary>
    public static EcryptfsSalt Names { get; } = new("99887766"u8);

    /// <summary>Reads 16 hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out EcryptfsSalt salt)
    {
        bool ok = text.Length == 2 * Size
            & ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value);
        Span<byte> octets = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt64BigEndian(octets, ok ? value : 0);
        salt = new EcryptfsSalt(octets);
        return ok;
    }

    /// <summary>Writes the 8 raw octets.</summary>
    public void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt64BigEndian(destination, _value);

    /// <summary>The 16 lower-case hexadecimal digits.</summary>
    public override string ToString() => _value.ToString("x16", CultureInfo.InvariantCulture);
}
