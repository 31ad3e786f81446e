using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Org.BouncyCastle.Crypto.Digests;
using StackFs.Tests.Common;

namespace StackFs.Tests.Vectors.Native;

/// <summary>
/// The building blocks of the native format a second time, from FORMAT.md and the oracle alone: nothing of the product.
/// </summary>
internal static class Reference
{
    internal static byte[] Hkdf(byte[] key, string info, int length) =>
        Oracle.Hkdf(key, [], Encoding.ASCII.GetBytes(info), length);

    internal static byte[] Sha256(byte[] data)
    {
        Sha256Digest digest = new();
        digest.BlockUpdate(data, 0, data.Length);
        byte[] output = new byte[32];
        digest.DoFinal(output, 0);
        return output;
    }

    /// <summary>A wrapped key: nonce, ciphertext, tag.</summary>
    internal static byte[] Wrap(byte[] volumeKey, byte[] nonce, string label, byte[] id, byte[] key) =>
        [.. nonce, .. Oracle.GcmSeal(Hkdf(volumeKey, "wrap", 32), nonce, [.. Encoding.ASCII.GetBytes(label), .. id], key)];

    internal static byte[]? Unwrap(byte[] volumeKey, string label, byte[] id, byte[] wrapped) =>
        Oracle.GcmOpen(Hkdf(volumeKey, "wrap", 32), wrapped[..12], [.. Encoding.ASCII.GetBytes(label), .. id], wrapped[12..]);

    /// <summary>base32hex in lower case without padding, by way of one big number.</summary>
    internal static string Text(byte[] bytes)
    {
        int length = ((bytes.Length * 8) + 4) / 5;
        BigInteger number = new BigInteger(bytes, isUnsigned: true, isBigEndian: true) << ((length * 5) - (bytes.Length * 8));
        char[] text = new char[length];
        for (int i = length - 1; i >= 0; i--)
        {
            text[i] = "0123456789abcdefghijklmnopqrstuv"[(int)(number & 31)];
            number >>= 5;
        }

        return new string(text);
    }

    /// <summary>The bytes of a text, or null when it is not the one that encoding gives.</summary>
    internal static byte[]? FromText(string text)
    {
        BigInteger number = 0;
        foreach (char c in text)
        {
            int value = "0123456789abcdefghijklmnopqrstuv".IndexOf(c, StringComparison.Ordinal);
            if (value < 0)
            {
                return null;
            }

            number = (number << 5) | value;
        }

        int count = text.Length * 5 / 8;
        byte[] found = (number >> ((text.Length * 5) - (count * 8))).ToByteArray(isUnsigned: true, isBigEndian: true);
        byte[] bytes = new byte[count];
        if (found.Length > count)
        {
            return null;
        }

        found.CopyTo(bytes, count - found.Length);
        return Text(bytes) == text ? bytes : null;
    }

    internal static string Hash(string text) => Text(Sha256(Encoding.ASCII.GetBytes(text)));

    /// <summary>The additional data of an extent.</summary>
    internal static byte[] ExtentAdditionalData(long index, byte[] meta)
    {
        byte[] data = new byte[13];
        data[0] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(1), (ulong)index);
        meta.CopyTo(data, 9);
        return data;
    }
}
