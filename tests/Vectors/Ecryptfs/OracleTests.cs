using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.OpenSsl;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Vectors.Ecryptfs;

/// <summary>What the codec writes, read by <see cref="Oracle"/>.</summary>
public class OracleTests
{
    private const string Passphrase = "second reading";

    public static TheoryData<string, int> Ciphers
    {
        get
        {
            TheoryData<string, int> all = [];
            foreach (string name in CipherSpec.OfferedNames)
            {
                Assert.True(CipherSpec.TryParseName(name, out CipherKind kind));
                foreach (int bytes in CipherSpec.UsableKeyBytes(kind))
                {
                    all.Add(name, bytes);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void A_file_written_by_the_codec_is_read_by_the_oracle_and_by_the_codec(string name, int keyBytes)
    {
        CipherSpec spec = Spec(name, keyBytes);
        using EcryptfsKeyRing ring = Ring(out EcryptfsKey key);
        byte[] rawKey = Oracle.Key(Encoding.UTF8.GetBytes(Passphrase), Convert.FromHexString("0011223344556677"));
        byte[] signature = Oracle.Signature(rawKey);
        Assert.Equal(Convert.ToHexStringLower(signature), key.Signature.ToString());
        Assert.Equal(rawKey, Secret.Bytes(key.Secret));

        foreach (int size in new[] { 0, 1, 4095, 4096, 4097, 20000 })
        {
            byte[] plaintext = new byte[size];
            new Random(size).NextBytes(plaintext);
            using FileKey fek = FileKey.CreateRandom(spec);
            byte[] lower = Write(ring, key.Signature, fek, plaintext);

            (byte[] oracleFek, byte[] read) = Oracle.ReadFile(lower, null, rawKey, signature);
            Assert.Equal(Secret.Bytes(fek.Secret), oracleFek);
            Assert.Equal(plaintext, read);

            Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(lower, out EcryptfsHeader? header));
            Assert.Equal(size, header!.UpperSize);
            Assert.Equal(EcryptfsStatus.Ok, ring.TryUnwrap(header, out FileKey? again));
            using (again)
            {
                Assert.Equal(spec, again!.Cipher);
                Assert.True(again.Secret.FixedTimeEquals(fek.Secret));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void A_name_written_by_the_codec_is_read_by_the_oracle_and_by_the_codec(string name, int keyBytes)
    {
        using EcryptfsKeyRing ring = Ring(out EcryptfsKey key);
        byte[] rawKey = Secret.Bytes(key.Secret);
        byte[] signature = Oracle.Signature(rawKey);
        using NameCipher cipher = new(Spec(name, keyBytes), key);
        foreach (string upper in new[] { "a", "fifteen octets!", "sixteen octets!!", "Grüße", new string('M', 143) })
        {
            byte[] octets = Encoding.UTF8.GetBytes(upper);
            byte[] lower = new byte[255];
            Assert.Equal(NameStatus.Ok, cipher.Encode(octets, lower, out int length));
            Assert.Equal(cipher.LowerLength(octets.Length), length);
            Assert.Equal(
                upper, Oracle.ReadName(Encoding.ASCII.GetString(lower, 0, length), rawKey, signature, keyBytes));
            byte[] back = new byte[255];
            Assert.Equal(NameStatus.Ok, cipher.Decode(lower.AsSpan(0, length), back, out int backLength));
            Assert.Equal(octets, back[..backLength]);
        }

        Assert.Equal(NameStatus.TooLong, cipher.Encode(new byte[144], new byte[255], out _));
    }

    [Fact]
    public void A_public_key_packet_written_by_the_codec_is_read_by_the_oracle()
    {
        using System.Security.Cryptography.RSA rsa = System.Security.Cryptography.RSA.Create(2048);
        string pem = rsa.ExportRSAPrivateKeyPem();
        Assert.True(EcryptfsPrivateKey.TryLoadPem(Encoding.ASCII.GetBytes(pem), null, out EcryptfsPrivateKey? pair));
        AsymmetricCipherKeyPair oraclePair =
            (AsymmetricCipherKeyPair)new PemReader(new StringReader(pem)).ReadObject();
        using (pair)
        {
            foreach (int bytes in CipherSpec.UsableKeyBytes(CipherKind.Aes))
            {
                using FileKey fek = FileKey.CreateRandom(new CipherSpec(CipherKind.Aes, bytes));
                KeyPacket packet = fek.Wrap(pair!);
                byte[] key = Secret.Bytes(fek.Secret);
                int sum = key.Sum(static octet => octet);
                byte[] expected = [fek.Cipher.Code, .. key, (byte)((sum >> 8) & 0xFF), (byte)(sum & 0xFF)];
                Assert.Equal(expected, Oracle.RsaDecrypt(oraclePair.Private, packet.Wrapped.ToArray()));
                Assert.Equal(EcryptfsStatus.Ok, FileKey.TryUnwrap(packet, pair!, out FileKey? again));
                using (again)
                {
                    Assert.Equal(fek.Cipher, again!.Cipher);
                    Assert.True(again.Secret.FixedTimeEquals(fek.Secret));
                }
            }
        }
    }

    private static CipherSpec Spec(string name, int keyBytes)
    {
        Assert.True(CipherSpec.TryParseName(name, out CipherKind kind));
        return new CipherSpec(kind, keyBytes);
    }

    private static EcryptfsKeyRing Ring(out EcryptfsKey key)
    {
        using SecretBuffer passphrase = Secret.Of(Passphrase);
        key = EcryptfsKey.FromPassphrase(passphrase, EcryptfsSalt.Content);
        EcryptfsKeyRing ring = new();
        ring.Add(key);
        return ring;
    }

    private static byte[] Write(EcryptfsKeyRing ring, EcryptfsSignature signature, FileKey fek, byte[] plaintext)
    {
        EcryptfsLayout layout = new(EcryptfsFormat.NewHeaderSize);
        byte[] lower = new byte[layout.LowerSize(plaintext.Length)];
        _ = EcryptfsHeader.BuildNew(lower, EcryptfsFlags.Encrypted, ring.Wrap(fek, [signature]));
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(lower, plaintext.Length);
        plaintext.CopyTo(lower.AsSpan((int)layout.DataStart));
        using ExtentCipher cipher = new(fek, EcryptfsFormat.NewHeaderSize);
        for (int n = 0; n < EcryptfsLayout.ExtentCount(plaintext.Length); n++)
        {
            Span<byte> extent = lower.AsSpan((int)layout.LowerOffset(n), EcryptfsFormat.ExtentSize);
            cipher.SealInPlace(n, extent, extent.Length, isFinal: false);
        }

        return lower;
    }
}
