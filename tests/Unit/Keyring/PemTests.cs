using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Mono.Unix.Native;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.OpenSsl;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;
using StackFs.Tests.Common;
using Errno = StackFs.Keyring.Interop.Errno;
using PemReader = Org.BouncyCastle.OpenSsl.PemReader;

namespace StackFs.Tests.Unit.Keyring;

public sealed class PemTests(OpenSslCommand keys) : IClassFixture<OpenSslCommand>
{
    [Theory]
    [InlineData("rsa", SlotAlgorithm.RsaOaep)]
    [InlineData("rsa-pkcs1", SlotAlgorithm.RsaOaep)]
    [InlineData("p256", SlotAlgorithm.EcdhP256)]
    [InlineData("p256-sec1", SlotAlgorithm.EcdhP256)]
    [InlineData("p256-sec1-parameters", SlotAlgorithm.EcdhP256)]
    [InlineData("p256-compressed", SlotAlgorithm.EcdhP256)]
    [InlineData("p384", SlotAlgorithm.EcdhP384)]
    [InlineData("p521", SlotAlgorithm.EcdhP521)]
    [InlineData("x25519", SlotAlgorithm.X25519)]
    public void PrivateKeysMakeAndOpenSlots(string kind, SlotAlgorithm algorithm)
    {
        using PrivateKey key = OpenPrivate(kind, null);
        Assert.Equal(algorithm, key.PublicKey.Algorithm);
        byte[] volumeKey = RandomNumberGenerator.GetBytes(32);
        using SecretBuffer secret = Bytes.Secret(volumeKey);
        VolumeKeyId id = VolumeKeyId.Of(secret);
        KeySlot slot = key.MakeSlot(secret, id);
        Assert.Equal(SlotAreaStatus.Ok, KeySlotSet.Empty.TryAdd(slot, out KeySlotSet? set));
        byte[] area = new byte[set!.SerializedLength];
        set.WriteTo(area);
        Assert.Equal(SlotAreaStatus.Ok, KeySlotSet.TryParse(area, out KeySlotSet? parsed));
        Assert.Equal(UnlockStatus.Unlocked, parsed!.TryOpen(key, id, out SecretBuffer? opened));
        Assert.Equal(volumeKey, Bytes.Reveal(opened!));

        using PrivateKey other = PemFile.Generate(algorithm);
        Assert.Equal(UnlockStatus.WrongKey, parsed.TryOpen(other, id, out _));
        for (int i = 0; i < area.Length; i += 3)
        {
            area[i] ^= 0x10;
            if (KeySlotSet.TryParse(area, out KeySlotSet? changed) == SlotAreaStatus.Ok)
            {
                Assert.NotEqual(UnlockStatus.Unlocked, changed!.TryOpen(key, id, out _));
            }

            area[i] ^= 0x10;
        }
    }

    [Theory]
    [InlineData("rsa-proc-type")]
    [InlineData("rsa-proc-type-des3")]
    [InlineData("p256-sec1-proc-type")]
    [InlineData("p256-encrypted")]
    [InlineData("p256-encrypted-scrypt")]
    [InlineData("p256-encrypted-v1")]
    [InlineData("x25519-encrypted")]
    public void EncryptedKeysNeedTheirPassphrase(string kind)
    {
        using PemFile file = Open(kind);
        Assert.Equal(PemStatus.NeedsPassphrase, file.TryOpenPrivateKey(null, out PrivateKey? none));
        Assert.Null(none);
        using SecretBuffer wrong = Bytes.Secret("pem Passphrase"u8);
        Assert.Equal(PemStatus.WrongPassphrase, file.TryOpenPrivateKey(wrong, out none));
        Assert.Null(none);
        using PrivateKey plain = OpenPrivate(kind[..kind.IndexOf('-', StringComparison.Ordinal)], null);
        using PrivateKey opened = OpenPrivate(kind, OpenSslCommand.Passphrase);
        Assert.Equal(plain.PublicKey.ToString(), opened.PublicKey.ToString());
    }

    [Theory]
    [InlineData("rsa", "rsa-public")]
    [InlineData("rsa", "rsa-certificate")]
    [InlineData("p256", "p256-public")]
    [InlineData("p256", "p256-public-compressed")]
    [InlineData("x25519", "x25519-public")]
    public void APublicKeyOrCertificateIsEnoughToMakeASlot(string privateKind, string publicKind)
    {
        using PemFile publicFile = Open(publicKind);
        Assert.False(publicFile.HasPrivateKey);
        Assert.Equal(PemStatus.NoPrivateKey, publicFile.TryOpenPrivateKey(null, out _));
        Assert.Equal(PemStatus.Ok, publicFile.TryOpenPublicKey(out PublicKey? publicKey));
        using PrivateKey key = OpenPrivate(privateKind, null);
        using (publicKey)
        {
            using SecretBuffer volumeKey = SecretBuffer.Random(32);
            VolumeKeyId id = VolumeKeyId.Of(volumeKey);
            Assert.True(key.TryOpen(publicKey!.MakeSlot(volumeKey, id), id, out SecretBuffer? opened));
            Assert.True(opened.FixedTimeEquals(volumeKey));
            Assert.Equal(PublicKeyStatus.Ok, PublicKey.TryParse(publicKey.Info.AsSpan(), out PublicKey? again));
            Assert.Equal(publicKey.ToString(), again!.ToString());
        }
    }

    [Fact]
    public void TheFingerprintIsThatOfThePublicKeyInfo()
    {
        using PrivateKey key = OpenPrivate("p256-compressed", null);
        string pem = File.ReadAllText(keys["p256-public"]);
        PemFields fields = PemEncoding.Find(pem);
        byte[] info = Convert.FromBase64String(pem[fields.Base64Data]);
        Assert.Equal(info, key.PublicKey.Info.ToArray());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(info)[..16]), key.PublicKey.ToString());
        Assert.Equal(pem, key.PublicKey.ToPem());
    }

    /// <summary>Opens slots by SLOTS.md alone, with BouncyCastle's RSA and key agreement.</summary>
    [Theory]
    [InlineData("rsa")]
    [InlineData("p256")]
    [InlineData("p384")]
    [InlineData("p521")]
    [InlineData("x25519")]
    public void APublicKeySlotIsWhatTheSpecSays(string kind)
    {
        using PrivateKey key = OpenPrivate(kind, null);
        byte[] volumeKey = RandomNumberGenerator.GetBytes(32);
        using SecretBuffer secret = Bytes.Secret(volumeKey);
        byte[] id = Oracle.Hkdf(volumeKey, [], "id"u8.ToArray(), 16);
        byte[] slot = key.MakeSlot(secret, VolumeKeyId.Of(secret)).Serialized.ToArray();

        byte[] body = slot[4..];
        byte[] info = key.PublicKey.Info.ToArray();
        Assert.Equal(2, slot[0]);
        Assert.Equal(body.Length, BinaryPrimitives.ReadUInt16LittleEndian(slot.AsSpan(2)));
        Assert.Equal(SHA256.HashData(info)[..16], body[..16]);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(body.AsSpan(18));
        byte[] encapsulation = body[20..(20 + length)];
        byte[] wrapped = body[(20 + length)..];
        byte[] shared = Agree(File.ReadAllText(keys[kind]), encapsulation);
        byte[] kek = Oracle.Hkdf(
            shared, [.. encapsulation, .. SHA256.HashData(info)], "StackFs slot KEK"u8.ToArray(), 32);
        byte[] additionalData = [.. "StackFs slot"u8, .. id, .. slot[..^60]];
        Assert.Equal(Oracle.GcmSeal(kek, wrapped[..12], additionalData, volumeKey), wrapped[12..]);
    }

    [Theory]
    [InlineData("rsa-1024", PemStatus.WeakRsa)]
    [InlineData("rsa-pss", PemStatus.UnsupportedKind)]
    [InlineData("secp256k1", PemStatus.UnsupportedKind)]
    [InlineData("ed25519", PemStatus.UnsupportedKind)]
    public void WeakAndUnknownKindsAreRefused(string kind, PemStatus expected)
    {
        using PemFile file = Open(kind);
        Assert.Equal(expected, file.TryOpenPrivateKey(null, out PrivateKey? key));
        Assert.Null(key);
    }

    [Fact]
    public void ACurveWithExplicitParametersIsNotTakenForANamedOne()
    {
        using PemFile file = Open("p256-explicit");
        PemStatus status = file.TryOpenPrivateKey(null, out PrivateKey? key);
        using (key)
        {
            // OpenSSL recognises the parameters of P-256; were they others, it would be UnsupportedKind.
            Assert.True(status == PemStatus.UnsupportedKind || key!.PublicKey.Info.Length == 91);
        }
    }

    [Fact]
    public void ThePointOfASmallOrderIsRefused()
    {
        using PrivateKey key = OpenPrivate("x25519", null);
        using SecretBuffer volumeKey = SecretBuffer.Random(32);
        VolumeKeyId id = VolumeKeyId.Of(volumeKey);
        byte[] slot = key.MakeSlot(volumeKey, id).Serialized.ToArray();
        slot.AsSpan(4 + 20, 32).Clear();
        Assert.Equal(SlotAreaStatus.Ok, KeySlotSet.TryParse([1, 0, 0, 0, .. slot], out KeySlotSet? set));
        Assert.Equal(UnlockStatus.WrongKey, set!.TryOpen(key, id, out _));
    }

    [Fact]
    public void WhatIsNotAKeyIsSaidToBe()
    {
        string path = keys.New("other");
        File.WriteAllText(path, "hello");
        Assert.Equal(PemStatus.NotPem, PemFile.Open(path, out _, out Errno error));
        Assert.Equal(Errno.None, error);
        File.WriteAllText(path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        Assert.Equal(PemStatus.Damaged, TryOpen(path));
        File.WriteAllText(path, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
        Assert.Equal(PemStatus.Damaged, TryOpen(path));
        File.WriteAllText(path, new string('x', 70_000));
        Assert.Equal(PemStatus.TooLong, PemFile.Open(path, out _, out _));
        PemFile.Open(path + ".no", out _, out error);
        Assert.Equal(Errno.ENOENT, error);
    }

    [Theory]
    [InlineData(2048, true)]
    [InlineData(10_000_001, false)]
    [InlineData(2_000_000_000, false)]
    public void IterationBombsAreRefusedWithoutRunningThem(int iterations, bool tried)
    {
        string path = keys.New("bomb");
        File.WriteAllText(path, Encrypted(writer =>
        {
            writer.WriteObjectIdentifier("1.2.840.113549.1.5.12");
            writer.PushSequence();
            writer.WriteOctetString(new byte[16]);
            writer.WriteInteger(iterations);
            writer.PopSequence();
        }));
        Assert.Equal(tried ? PemStatus.WrongPassphrase : PemStatus.CostTooHigh, TryOpen(path));
    }

    [Theory]
    [InlineData(16384, 8, 1, true)]
    [InlineData(1 << 28, 8, 1, false)]
    [InlineData(2, 1, 1_000_000_000, false)]
    [InlineData(12345, 8, 1, false)]
    public void ScryptBombsAreRefusedWithoutRunningThem(int n, int r, int p, bool tried)
    {
        string path = keys.New("bomb");
        File.WriteAllText(path, Encrypted(writer =>
        {
            writer.WriteObjectIdentifier("1.3.6.1.4.1.11591.4.11");
            writer.PushSequence();
            writer.WriteOctetString(new byte[16]);
            writer.WriteInteger(n);
            writer.WriteInteger(r);
            writer.WriteInteger(p);
            writer.PopSequence();
        }));
        Assert.Equal(tried ? PemStatus.WrongPassphrase : PemStatus.CostTooHigh, TryOpen(path));
    }

    [Fact]
    public void ABombHiddenFromTheStrictParserIsRefused()
    {
        // OpenSSL skips text before the block and reads odd line lengths; the count of headers must agree.
        string pem = File.ReadAllText(keys["p256-encrypted"]);
        string path = keys.New("hidden");
        File.WriteAllText(path, pem.Replace("-----END ENCRYPTED", "!\n-----END ENCRYPTED", StringComparison.Ordinal));
        Assert.Equal(PemStatus.Damaged, TryOpen(path));
    }

    [Theory]
    [InlineData(SlotAlgorithm.RsaOaep, 3072)]
    [InlineData(SlotAlgorithm.EcdhP256, 256)]
    [InlineData(SlotAlgorithm.EcdhP384, 384)]
    [InlineData(SlotAlgorithm.EcdhP521, 521)]
    [InlineData(SlotAlgorithm.X25519, 253)]
    public void KeygenMakesFilesThatWeAndTheCommandRead(SlotAlgorithm algorithm, int bits)
    {
        using PrivateKey made = PemFile.Generate(algorithm);
        Assert.Equal(bits, made.PublicKey.Bits);
        foreach (string? passphrase in (string?[])[null, OpenSslCommand.Passphrase])
        {
            string path = keys.New($"made-{algorithm}-{passphrase?.Length}");
            using SecretBuffer? secret = passphrase is null ? null : Bytes.Secret(Encoding.UTF8.GetBytes(passphrase));
            Assert.Equal(Errno.None, PemFile.Write(path, made, secret));
            Assert.Equal(Errno.EEXIST, PemFile.Write(path, made, secret));
            Assert.Equal(0, Syscall.stat(path, out Stat status));
            Assert.Equal(Convert.ToUInt32("600", 8), (uint)(status.st_mode & FilePermissions.ALLPERMS));
            Assert.Contains(
                passphrase is null ? "BEGIN PRIVATE KEY" : "BEGIN ENCRYPTED PRIVATE KEY", File.ReadAllText(path),
                StringComparison.Ordinal);
            string read = OpenSslCommand.Run($"pkey -in {path} -pubout -passin \"pass:{passphrase}\"");
            Assert.Equal(made.PublicKey.ToPem(), read);
            Assert.Equal(PemStatus.Ok, PemFile.Open(path, out PemFile? file, out _));
            Assert.Equal(PemStatus.Ok, file!.TryOpenPrivateKey(secret, out PrivateKey? again));
            Assert.Equal(made.PublicKey.ToString(), again!.PublicKey.ToString());
            Assert.False(file.ReadableByOthers);
            again.Dispose();
            file.Dispose();
        }
    }

    [Fact]
    public void MutatedPemsNeverThrow()
    {
        Random random = new(3);
        foreach (string kind in (string[])["p256-encrypted", "rsa-pkcs1", "p256-sec1-parameters", "rsa-proc-type", "x25519"])
        {
            byte[] good = File.ReadAllBytes(keys[kind]);
            using SecretBuffer passphrase = Bytes.Secret(Encoding.UTF8.GetBytes(OpenSslCommand.Passphrase));
            string path = keys.New("mutated");
            for (int i = 0; i < 150; i++)
            {
                byte[] bad = [.. good];
                for (int changes = random.Next(3); changes >= 0; changes--)
                {
                    bad[random.Next(bad.Length)] = (byte)random.Next(32, 127);
                }

                File.WriteAllBytes(path, bad);
                if (PemFile.Open(path, out PemFile? file, out _) == PemStatus.Ok)
                {
                    PemStatus status = file!.TryOpenPrivateKey(passphrase, out PrivateKey? key);
                    Assert.Equal(status == PemStatus.Ok, key is not null);
                    key?.Dispose();
                    _ = file.TryOpenPublicKey(out PublicKey? publicKey);
                    publicKey?.Dispose();
                    file.Dispose();
                }
            }
        }
    }

    private static byte[] Agree(string pem, byte[] encapsulation)
    {
        object read = new PemReader(new StringReader(pem)).ReadObject();
        switch (read is AsymmetricCipherKeyPair pair ? pair.Private : read)
        {
            case RsaPrivateCrtKeyParameters rsa:
                OaepEncoding oaep = new(
                    new RsaEngine(), new Sha256Digest(), new Sha256Digest(), "StackFs slot"u8.ToArray());
                oaep.Init(false, rsa);
                return oaep.ProcessBlock(encapsulation, 0, encapsulation.Length);
            case ECPrivateKeyParameters ec:
                ECDHBasicAgreement agreement = new();
                agreement.Init(ec);
                byte[] x = agreement.CalculateAgreement(
                    new ECPublicKeyParameters(ec.Parameters.Curve.DecodePoint(encapsulation), ec.Parameters))
                    .ToByteArrayUnsigned();
                return [.. new byte[agreement.GetFieldSize() - x.Length], .. x];
            case X25519PrivateKeyParameters x25519:
                byte[] secret = new byte[32];
                x25519.GenerateSecret(new X25519PublicKeyParameters(encapsulation, 0), secret, 0);
                return secret;
            default:
                throw new InvalidOperationException(read.GetType().Name);
        }
    }

    private static PemStatus TryOpen(string path)
    {
        Assert.Equal(PemStatus.Ok, PemFile.Open(path, out PemFile? file, out _));
        using SecretBuffer passphrase = Bytes.Secret("p"u8);
        using (file)
        {
            PemStatus status = file!.TryOpenPrivateKey(passphrase, out PrivateKey? key);
            Assert.Null(key);
            return status;
        }
    }

    /// <summary>An EncryptedPrivateKeyInfo under PBES2 with AES-256-CBC and a derivation of the caller's.</summary>
    private static string Encrypted(Action<AsnWriter> derivation)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.113549.1.5.13");
                using (writer.PushSequence())
                {
                    using (writer.PushSequence())
                    {
                        derivation(writer);
                    }

                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier("2.16.840.1.101.3.4.1.42");
                        writer.WriteOctetString(new byte[16]);
                    }
                }
            }

            writer.WriteOctetString(new byte[64]);
        }

        return PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", writer.Encode()) + "\n";
    }

    private PemFile Open(string kind)
    {
        Assert.Equal(PemStatus.Ok, PemFile.Open(keys[kind], out PemFile? file, out _));
        return file!;
    }

    private PrivateKey OpenPrivate(string kind, string? passphrase)
    {
        using PemFile file = Open(kind);
        using SecretBuffer? secret = passphrase is null ? null : Bytes.Secret(Encoding.UTF8.GetBytes(passphrase));
        Assert.Equal(PemStatus.Ok, file.TryOpenPrivateKey(secret, out PrivateKey? key));
        return key!;
    }
}
