using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace StackFs.Tests.Common;

/// <summary>The product's primitives from BouncyCastle: a second implementation keeps the first honest.</summary>
internal static class Oracle
{
    internal static byte[] Scrypt(byte[] passphrase, byte[] salt, int n, int r, int p, int length) =>
        SCrypt.Generate(passphrase, salt, n, r, p, length);

    internal static byte[] Hkdf(byte[] key, byte[] salt, byte[] info, int length)
    {
        HkdfBytesGenerator generator = new(new Sha256Digest());
        generator.Init(new HkdfParameters(key, salt.Length == 0 ? null : salt, info));
        byte[] output = new byte[length];
        generator.GenerateBytes(output, 0, length);
        return output;
    }

    internal static byte[] Hmac(byte[] key, byte[] data) => Mac(new HMac(new Sha256Digest()), key, data);

    /// <summary>Ciphertext followed by the 16-byte tag.</summary>
    internal static byte[] GcmSeal(byte[] key, byte[] nonce, byte[] additionalData, byte[] plaintext) =>
        Gcm(true, key, nonce, additionalData, plaintext)!;

    /// <summary>Plaintext, or null when the tag differs.</summary>
    internal static byte[]? GcmOpen(byte[] key, byte[] nonce, byte[] additionalData, byte[] ciphertextAndTag) =>
        Gcm(false, key, nonce, additionalData, ciphertextAndTag);

    /// <summary>RFC 5297 section 2.6 over BouncyCastle's CMAC and CTR: the synthetic IV, then the ciphertext.</summary>
    internal static byte[] SivSeal(byte[] key, byte[] plaintext, params byte[][] associated)
    {
        byte[] iv = StringToVector(key[..(key.Length / 2)], plaintext, associated);
        return [.. iv, .. Counter(key[(key.Length / 2)..], iv, plaintext)];
    }

    /// <summary>RFC 5297 section 2.7: plaintext, or null when the IV differs.</summary>
    internal static byte[]? SivOpen(byte[] key, byte[] ciphertext, params byte[][] associated)
    {
        if (ciphertext.Length < 16)
        {
            return null;
        }

        byte[] plaintext = Counter(key[(key.Length / 2)..], ciphertext[..16], ciphertext[16..]);
        return StringToVector(key[..(key.Length / 2)], plaintext, associated).AsSpan().SequenceEqual(ciphertext.AsSpan(0, 16))
            ? plaintext
            : null;
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

    private static byte[] CMac(byte[] key, byte[] data) => Mac(new CMac(new AesEngine()), key, data);

    private static byte[] Mac(IMac mac, byte[] key, byte[] data)
    {
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(data, 0, data.Length);
        byte[] output = new byte[mac.GetMacSize()];
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
