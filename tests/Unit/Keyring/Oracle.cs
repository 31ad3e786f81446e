using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>The same algorithms from BouncyCastle: a second implementation keeps the first honest.</summary>
internal static class Oracle
{
    /// <summary>Ciphertext followed by the 16-byte tag.</summary>
    internal static byte[] Gcm(byte[] key, byte[] nonce, byte[] additionalData, byte[] plaintext)
    {
        GcmBlockCipher cipher = new(new AesEngine());
        cipher.Init(true, new AeadParameters(new KeyParameter(key), 128, nonce, additionalData));
        byte[] output = new byte[cipher.GetOutputSize(plaintext.Length)];
        int length = cipher.ProcessBytes(plaintext, 0, plaintext.Length, output, 0);
        cipher.DoFinal(output, length);
        return output;
    }

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

    internal static byte[] Hmac(byte[] key, byte[] data)
    {
        HMac mac = new(new Sha256Digest());
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(data, 0, data.Length);
        byte[] output = new byte[32];
        mac.DoFinal(output, 0);
        return output;
    }

    /// <summary>RFC 5297 §2.4 and §2.6 over BouncyCastle's CMAC and CTR: the synthetic IV, then the ciphertext.</summary>
    internal static byte[] Siv(byte[] key, byte[][] associatedData, byte[] plaintext)
    {
        byte[] macKey = key[..(key.Length / 2)];
        byte[] cipherKey = key[(key.Length / 2)..];
        byte[] d = Cmac(macKey, new byte[16]);
        foreach (byte[] component in associatedData)
        {
            d = Xor(Double(d), Cmac(macKey, component));
        }

        byte[] t;
        if (plaintext.Length >= 16)
        {
            t = (byte[])plaintext.Clone();
            for (int i = 0; i < 16; i++)
            {
                t[t.Length - 16 + i] ^= d[i];
            }
        }
        else
        {
            byte[] padded = new byte[16];
            plaintext.CopyTo(padded, 0);
            padded[plaintext.Length] = 0x80;
            t = Xor(Double(d), padded);
        }

        byte[] v = Cmac(macKey, t);
        byte[] q = (byte[])v.Clone();
        q[8] &= 0x7f;
        q[12] &= 0x7f;
        SicBlockCipher counter = new(new AesEngine());
        counter.Init(true, new ParametersWithIV(new KeyParameter(cipherKey), q));
        byte[] padding = new byte[(plaintext.Length + 15) / 16 * 16];
        plaintext.CopyTo(padding, 0);
        byte[] stream = new byte[padding.Length];
        for (int i = 0; i < padding.Length; i += 16)
        {
            counter.ProcessBlock(padding, i, stream, i);
        }

        return [.. v, .. stream[..plaintext.Length]];
    }

    private static byte[] Cmac(byte[] key, byte[] data)
    {
        CMac mac = new(new AesEngine());
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(data, 0, data.Length);
        byte[] output = new byte[16];
        mac.DoFinal(output, 0);
        return output;
    }

    private static byte[] Double(byte[] block)
    {
        byte[] doubled = new byte[16];
        for (int i = 0; i < 16; i++)
        {
            int next = i < 15 ? block[i + 1] >> 7 : 0;
            doubled[i] = (byte)(((block[i] << 1) & 0xff) | next);
        }

        doubled[15] ^= (byte)((block[0] >> 7) * 0x87);
        return doubled;
    }

    private static byte[] Xor(byte[] a, byte[] b) => [.. a.Zip(b, (x, y) => (byte)(x ^ y))];
}
