using System.Buffers.Binary;
using System.Diagnostics;

namespace StackFs.Names;

/// <summary>
/// base32hex of RFC 4648 section 7, in lower case and without padding (FORMAT.md section 3): the letters a
/// case-insensitive filesystem keeps apart. Decoding accepts only what encoding makes.
/// </summary>
internal static class Base32Hex
{
    private const byte Invalid = 0xff;

    private static ReadOnlySpan<byte> Alphabet => "0123456789abcdefghijklmnopqrstuv"u8;

    private static readonly byte[] Values = MakeValues();

    /// <summary>Characters for <paramref name="byteCount"/> bytes.</summary>
    internal static int EncodedLength(int byteCount) => ((byteCount * 8) + 4) / 5;

    /// <summary>Bytes in a text of <paramref name="charCount"/> characters, whether or not it is canonical.</summary>
    internal static int DecodedLength(int charCount) => charCount * 5 / 8;

    /// <summary>Encodes.</summary>
    /// <param name="bytes">Any number of bytes.</param>
    /// <param name="text">At least <see cref="EncodedLength"/> long.</param>
    /// <returns>The characters written.</returns>
    internal static int Encode(ReadOnlySpan<byte> bytes, Span<byte> text)
    {
        int length = EncodedLength(bytes.Length);
        text = text[..length];
        ReadOnlySpan<byte> alphabet = Alphabet;
        // Eight bytes are read for each group of five while there are eight.
        while (bytes.Length >= 8)
        {
            ulong group = BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 24;
            for (int i = 7; i >= 0; i--)
            {
                text[i] = alphabet[(int)(group & 31)];
                group >>= 5;
            }

            bytes = bytes[5..];
            text = text[8..];
        }

        uint bits = 0;
        int held = 0;
        int at = 0;
        foreach (byte b in bytes)
        {
            bits = (bits << 8 | b) & 0xfff;
            held += 8;
            while (held >= 5)
            {
                held -= 5;
                text[at++] = alphabet[(int)(bits >> held) & 31];
            }
        }

        if (held > 0)
        {
            text[at++] = alphabet[(int)(bits << (5 - held)) & 31];
        }

        Debug.Assert(at == text.Length, "the length is that of the rule");
        return length;
    }

    /// <summary>Decodes canonical text.</summary>
    /// <param name="text">Any bytes.</param>
    /// <param name="bytes">At least <see cref="DecodedLength"/> long; undefined when the result is false.</param>
    /// <param name="length">The bytes written; 0 when the result is false.</param>
    /// <returns>False for any other character, a length no bytes have, or spare bits that are not zero.</returns>
    internal static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> bytes, out int length)
    {
        length = 0;
        int count = DecodedLength(text.Length);
        if (EncodedLength(count) != text.Length)
        {
            return false;
        }

        bytes = bytes[..count];
        ReadOnlySpan<byte> values = Values;
        while (text.Length >= 8)
        {
            ulong group = 0;
            uint seen = 0;
            for (int i = 0; i < 8; i++)
            {
                uint value = values[text[i]];
                seen |= value;
                group = group << 5 | value;
            }

            if (seen > 31)
            {
                return false;
            }

            bytes[4] = (byte)(group & 0xff);
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(group >> 8));
            bytes = bytes[5..];
            text = text[8..];
        }

        uint bits = 0;
        int held = 0;
        int at = 0;
        foreach (byte c in text)
        {
            uint value = values[c];
            if (value == Invalid)
            {
                return false;
            }

            bits = (bits << 5 | value) & 0xfff;
            held += 5;
            if (held >= 8)
            {
                held -= 8;
                bytes[at++] = (byte)(bits >> held & 0xff);
            }
        }

        if ((bits & ((1u << held) - 1)) != 0)
        {
            return false;
        }

        length = count;
        return true;
    }

    private static byte[] MakeValues()
    {
        byte[] values = new byte[256];
        Array.Fill(values, Invalid);
        for (int i = 0; i < Alphabet.Length; i++)
        {
            values[Alphabet[i]] = (byte)i;
        }

        return values;
    }
}
