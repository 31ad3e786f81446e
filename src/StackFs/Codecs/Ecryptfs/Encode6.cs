namespace StackFs.Codecs.Ecryptfs;

/// <summary>
/// The text form of encrypted names: three octets as four characters, most significant bits first, from 64 characters
/// in ASCII order; no padding character (FORMAT.md section 6).
/// </summary>
internal static class Encode6
{
    private const byte Foreign = 0xFF;
    private static readonly byte[] Values = BuildValues();

    private static ReadOnlySpan<byte> Alphabet =>
        "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8;

    /// <summary>Characters that <paramref name="octets"/> octets make: always a multiple of four.</summary>
    internal static int EncodedLength(int octets) => (octets + 2) / 3 * 4;

    /// <summary>Encodes; an incomplete last group is completed with zero octets.</summary>
    internal static void Encode(ReadOnlySpan<byte> source, Span<byte> text)
    {
        int at = 0;
        for (int i = 0; i < source.Length; i += 3)
        {
            int group = source[i] << 16;
            group |= i + 1 < source.Length ? source[i + 1] << 8 : 0;
            group |= i + 2 < source.Length ? source[i + 2] : 0;
            text[at++] = Alphabet[group >> 18];
            text[at++] = Alphabet[(group >> 12) & 0x3F];
            text[at++] = Alphabet[(group >> 6) & 0x3F];
            text[at++] = Alphabet[group & 0x3F];
        }
    }

    /// <summary>Decodes.</summary>
    /// <param name="text">Characters.</param>
    /// <param name="destination">At least three octets for each four characters.</param>
    /// <param name="length">Octets written, up to two of them completion.</param>
    /// <returns>False for a foreign character or a length that is no multiple of four.</returns>
    internal static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> destination, out int length)
    {
        length = 0;
        if (text.Length % 4 != 0 || destination.Length < text.Length / 4 * 3)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i += 4)
        {
            byte a = Values[text[i]];
            byte b = Values[text[i + 1]];
            byte c = Values[text[i + 2]];
            byte d = Values[text[i + 3]];
            if ((a | b | c | d) == Foreign)
            {
                return false;
            }

            int group = (a << 18) | (b << 12) | (c << 6) | d;
            destination[length++] = (byte)(group >> 16);
            destination[length++] = (byte)((group >> 8) & 0xFF);
            destination[length++] = (byte)(group & 0xFF);
        }

        return true;
    }

    private static byte[] BuildValues()
    {
        byte[] values = new byte[256];
        Array.Fill(values, Foreign);
        for (int i = 0; i < Alphabet.Length; i++)
        {
            values[Alphabet[i]] = (byte)i;
        }

        return values;
    }
}
