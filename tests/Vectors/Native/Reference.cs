using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace StackFs.Tests.Vectors.Native;

/// <summary>
/// The primitives of the native format a second time, from FORMAT.md and BouncyCastle alone: nothing of the product.
/// </summary>
internal static class Reference
{
    internal static byte[] Hkdf(byte[] key, string info, int length)
    {
        HkdfBytesGenerator generator = new(new Sha256Digest());
        generator.Init(new HkdfParameters(key, null, Encoding.ASCII.GetBytes(info)));
        byte[] output = new byte[length];
        generator.GenerateBytes(output, 0, length);
        return output;
    }

    internal static byte[] Hmac(byte[] key, byte[] data)
    {
        HMac mac = new(new Sha256Digest());
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(data, 0, data.Length);
        byte[] output = new byte[32];
        mac.DoFinal(output, 0);
        return output;
    }

    internal static byte[] Sha256(byte[] data)
    {
        Sha256Digest digest = new();
        digest.BlockUpdate(data, 0, data.Length);
        byte[] output = new byte[32];
        digest.DoFinal(output, 0);
        return output;
    }

    /// <summary>Ciphertext and tag.</summary>
    internal static byte[] GcmSeal(byte[] key, byte[] nonce, byte[] additionalData, byte[] plaintext) =>
        Gcm(true, key, nonce, additionalData, plaintext)!;

    /// <summary>Plaintext, or null when the tag differs.</summary>
    internal static byte[]? GcmOpen(byte[] key, byte[] nonce, byte[] additionalData, byte[] ciphertextAndTag) =>
        Gcm(false, key, nonce, additionalData, ciphertextAndTag);

    /// <summary>A wrapped key: nonce, ciphertext, tag.</summary>
    internal static byte[] Wrap(byte[] volumeKey, byte[] nonce, string label, byte[] id, byte[] key) =>
        [.. nonce, .. GcmSeal(Hkdf(volumeKey, "wrap", 32), nonce, [.. Encoding.ASCII.GetBytes(label), .. id], key)];

    internal static byte[]? Unwrap(byte[] volumeKey, string label, byte[] id, byte[] wrapped) =>
        GcmOpen(Hkdf(volumeKey, "wrap", 32), wrapped[..12], [.. Encoding.ASCII.GetBytes(label), .. id], wrapped[12..]);

    /// <summary>RFC 5297: synthetic IV and ciphertext.</summary>
    internal static byte[] SivSeal(byte[] key, byte[] plaintext, params byte[][] associated)
    {
        byte[] iv = StringToVector(key[..32], plaintext, associated);
        return [.. iv, .. Counter(key[32..], iv, plaintext)];
    }

    /// <summary>Plaintext, or null when the IV differs.</summary>
    internal static byte[]? SivOpen(byte[] key, byte[] ciphertext, params byte[][] associated)
    {
        if (ciphertext.Length < 16)
        {
            return null;
        }

        byte[] plaintext = Counter(key[32..], ciphertext[..16], ciphertext[16..]);
        return StringToVector(key[..32], plaintext, associated).AsSpan().SequenceEqual(ciphertext.AsSpan(0, 16))
            ? plaintext
            : null;
    }

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

    private static byte[]? Gcm(bool seal, byte[] key, byte[] nonce, byte[] additionalData, byte[] input)
    {
        GcmBlockCipher cipher = new(new AesEngine());
        cipher.Init(seal, new AeadParameters(new KeyParameter(key), 128, nonce, additionalData));
        byte[] output = new byte[cipher.GetOutputSize(input.Length)];
        int length = cipher.ProcessBytes(input, 0, input.Length, output, 0);
        try
        {
            cipher.DoFinal(output, length);
            return output;
        }
        catch (InvalidCipherTextException)
        {
            return null;
        }
    }

    private static byte[] StringToVector(byte[] key, byte[] plaintext, byte[][] associated)
    {
        byte[] d = CMac(key, new byte[16]);
        foreach (byte[] component in associated)
        {
            d = Xor(Double(d), CMac(key, component));
        }

        if (plaintext.Length >= 16)
        {
            byte[] ended = [.. plaintext];
            for (int i = 0; i < 16; i++)
            {
                ended[^(16 - i)] ^= d[i];
            }

            return CMac(key, ended);
        }

        byte[] padded = new byte[16];
        plaintext.CopyTo(padded, 0);
        padded[plaintext.Length] = 0x80;
        return CMac(key, Xor(Double(d), padded));
    }

    private static byte[] CMac(byte[] key, byte[] data)
    {
        CMac mac = new(new AesEngine(), 128);
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(data, 0, data.Length);
        byte[] output = new byte[16];
        mac.DoFinal(output, 0);
        return output;
    }

    private static byte[] Counter(byte[] key, byte[] iv, byte[] input)
    {
        byte[] counter = [.. iv];
        counter[8] &= 0x7f;
        counter[12] &= 0x7f;
        SicBlockCipher cipher = new(new AesEngine());
        BufferedBlockCipher stream = new(cipher);
        stream.Init(true, new ParametersWithIV(new KeyParameter(key), counter));
        return input.Length == 0 ? [] : stream.DoFinal(input);
    }

    private static byte[] Double(byte[] block)
    {
        byte[] result = new byte[16];
        for (int i = 0; i < 16; i++)
        {
            int next = i < 15 ? block[i + 1] >> 7 : 0;
            result[i] = (byte)(((block[i] << 1) | next) & 0xff);
        }

        if ((block[0] & 0x80) != 0)
        {
            result[15] ^= 0x87;
        }

        return result;
    }

    private static byte[] Xor(byte[] a, byte[] b) => [.. a.Zip(b, (x, y) => (byte)(x ^ y))];
}
