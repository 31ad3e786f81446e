using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace StackFs.Tests.Vectors.Ecryptfs;

/// <summary>
/// A second reading of the format, straight from its description and on BouncyCastle alone: it shares no code with the
/// codec, so a mistake has to be made twice to go unnoticed. Reads one whole lower file, or one name.
/// </summary>
internal static class Oracle
{
    internal static byte[] Key(byte[] passphrase, byte[] salt)
    {
        byte[] state = Digest(new Sha512Digest(), [.. salt, .. passphrase]);
        for (int i = 0; i < 65535; i++)
        {
            state = Digest(new Sha512Digest(), state);
        }

        return state;
    }

    internal static byte[] Signature(byte[] key) => Digest(new Sha512Digest(), key)[..8];

    /// <summary>The file key and the plaintext of a lower file whose first packet is of tag 3.</summary>
    internal static (byte[] Fek, byte[] Plaintext) ReadFile(
        byte[] lower, byte[]? attribute, byte[] key, byte[] signature)
    {
        byte[] head = attribute ?? lower;
        if ((BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(8)) ^ 0x3C81B7F5u)
            != BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(12)) || head[16] != 3)
        {
            throw new InvalidDataException("marker or version");
        }

        long size = BinaryPrimitives.ReadInt64BigEndian(head);
        int start = attribute is null
            ? (int)BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(20))
                * BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(24))
            : 0;
        int at = 26;
        while (true)
        {
            if (head[at] != 0x8C)
            {
                throw new InvalidDataException("no packet of the key");
            }

            int body = head[at + 1];
            byte code = head[at + 3];
            byte[] wrapped = head.AsSpan(at + 2 + 13, body - 13).ToArray();
            at += 2 + body;
            if (head[at] != 0xED || head[at + 1] != 22)
            {
                throw new InvalidDataException("tag 11");
            }

            bool mine = head.AsSpan(at + 16, 8).SequenceEqual(signature);
            at += 24;
            if (mine)
            {
                int keyBytes = code == 8 ? 24 : wrapped.Length;
                byte[] fek = Blocks(false, Engine(code), key[..keyBytes], null, wrapped)[..keyBytes];
                return (fek, Contents(code, fek, lower, start, size));
            }
        }
    }

    /// <summary>The name inside a lower name.</summary>
    internal static string ReadName(string lower, byte[] key, byte[] signature, int keyBytes)
    {
        const string Alphabet = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        StringBuilder bits = new();
        foreach (char c in lower["ECRYPTFS_FNEK_ENCRYPTED.".Length..])
        {
            _ = bits.Append(Convert.ToString(Alphabet.IndexOf(c, StringComparison.Ordinal), 2).PadLeft(6, '0'));
        }

        byte[] packet = [.. Enumerable.Range(0, bits.Length / 8)
            .Select(i => Convert.ToByte(bits.ToString(8 * i, 8), 2))];
        int length = packet[1];
        int at = 2;
        if (length >= 192)
        {
            length = ((length - 192) * 256) + packet[2] + 192;
            at = 3;
        }

        if (packet[0] != 0x46 || !packet.AsSpan(at, 8).SequenceEqual(signature))
        {
            throw new InvalidDataException("tag 70");
        }

        byte[] data = packet.AsSpan(at + 9, length - 9).ToArray();
        byte[] plain = Blocks(false, Engine(packet[at + 8]), key[..keyBytes], null, data);
        int nul = Array.IndexOf(plain, (byte)0);
        byte[] hash = Digest(new MD5Digest(), key);
        for (int j = 0; j < nul; j++)
        {
            byte expected = hash[j % 16] == 0 ? (byte)0x42 : hash[j % 16];
            if (plain[j] != expected)
            {
                throw new InvalidDataException("prefix");
            }

            if (j % 16 == 15)
            {
                hash = Digest(new MD5Digest(), hash);
            }
        }

        return Encoding.UTF8.GetString(plain.AsSpan(nul + 1));
    }

    /// <summary>The message in an RSA ciphertext.</summary>
    internal static byte[] RsaDecrypt(AsymmetricKeyParameter key, byte[] ciphertext)
    {
        OaepEncoding oaep = new(new RsaEngine(), new Sha1Digest());
        oaep.Init(false, key);
        return oaep.ProcessBlock(ciphertext, 0, ciphertext.Length);
    }

    private static byte[] Contents(byte code, byte[] fek, byte[] lower, int start, long size)
    {
        byte[] root = Digest(new MD5Digest(), fek);
        List<byte> plaintext = [];
        for (int n = 0; n * 4096L < size; n++)
        {
            byte[] number = new byte[16];
            _ = Encoding.ASCII.GetBytes(n.ToString(CultureInfo.InvariantCulture), number);
            byte[] iv = Digest(new MD5Digest(), [.. root, .. number]);
            byte[] extent = lower.AsSpan(start + (n * 4096), 4096).ToArray();
            plaintext.AddRange(Blocks(false, Engine(code), fek, iv, extent));
        }

        if (plaintext.Skip((int)size).Any(static octet => octet != 0))
        {
            throw new InvalidDataException("padding");
        }

        return [.. plaintext.Take((int)size)];
    }

    private static byte[] Blocks(bool encrypt, IBlockCipher engine, byte[] key, byte[]? iv, byte[] input)
    {
        int size = engine.GetBlockSize();
        IBlockCipher cipher = iv is null ? engine : new CbcBlockCipher(engine);
        ICipherParameters parameters = new KeyParameter(key);
        cipher.Init(encrypt, iv is null ? parameters : new ParametersWithIV(parameters, iv[..size]));
        byte[] output = new byte[input.Length];
        for (int at = 0; at < input.Length; at += size)
        {
            _ = cipher.ProcessBlock(input, at, output, at);
        }

        return output;
    }

    private static IBlockCipher Engine(byte code) => code switch
    {
        0x02 => new DesEdeEngine(),
        0x03 => new Cast5Engine(),
        0x04 => new BlowfishEngine(),
        0x07 or 0x08 or 0x09 => new AesEngine(),
        0x0A => new TwofishEngine(),
        0x0B => new Cast6Engine(),
        _ => throw new InvalidDataException("cipher"),
    };

    private static byte[] Digest(IDigest digest, byte[] input)
    {
        digest.BlockUpdate(input, 0, input.Length);
        byte[] output = new byte[digest.GetDigestSize()];
        _ = digest.DoFinal(output, 0);
        return output;
    }
}
