using System.Security.Cryptography;
using System.Text;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Vectors.Ecryptfs;

/// <summary>
/// Octets that the kernel module (6.1) and ecryptfs-utils (111) wrote. Added to, never edited.
/// </summary>
public class FrozenVectorTests
{
    private const string HelloHeader =
        "0000000000000011e7bd9d30db3c2ac5030000020000100000028c1d04070301"
        + "0011223344556677601d776e46240ffe1176c7ed83ff144eaeed1662085f434f"
        + "4e534f4c4500000000e6cc9718f05a57f9";

    [Theory]
    [InlineData("orange-lantern-17", "0011223344556677", "e6cc9718f05a57f9",
        "c1e0d47805e66939290900e8420c33237cfdc7c5afcf2dc640903eb5c02f493c"
        + "3de84164ab1595f4d22f19011631db8950ff7690b9d1bb85accec6d7441a0bf5")]
    [InlineData("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "0011223344556677", "f68197b31f8329bd", null)]
    [InlineData("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "3939383837373636", "62af32df183d62fe",
        "9a370adfd66f4143fbe284bbb12500576182c07922bf0c134e3655705520d497"
        + "333e010aa6ea923ceafbdd25e1cbe63342f9f0e501ceaa7051f57f7480eba198")]
    [InlineData("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "9988776655443322", "43c342fa2f9ca9ba", null)]
    [InlineData("silver.birch.42", "0011223344556677", "383d106e7179b560",
        "097dbb547191a2735b1366a6938e447596e83d5e0392e7f85379799908905dbe"
        + "1dd1a5b90a1573b973e20d4de3d49ed7f18576310779ddd89873cbb684292d77")]
    public void Keys_and_signatures_of_passphrases(string passphrase, string salt, string signature, string? key)
    {
        using SecretBuffer text = Secret.Of(passphrase);
        Assert.True(EcryptfsSalt.TryParse(salt, out EcryptfsSalt parsed));
        using EcryptfsKey derived = EcryptfsKey.FromPassphrase(text, parsed);
        Assert.Equal(signature, derived.Signature.ToString());
        Assert.Equal(salt, derived.Salt.ToString());
        if (key is not null)
        {
            Assert.Equal(key, Secret.Hex(derived.Secret));
        }
    }

    [Fact]
    public void The_salt_of_names_is_eight_ascii_characters() =>
        Assert.Equal("3939383837373636", EcryptfsSalt.Names.ToString());

    [Fact]
    public void A_whole_small_file()
    {
        byte[] header = Convert.FromHexString(HelloHeader);
        Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(header, out EcryptfsHeader? parsed));
        Assert.Equal(17, parsed!.UpperSize);
        Assert.Equal(3, parsed.Version);
        Assert.Equal(EcryptfsFlags.Encrypted, parsed.Flags);
        Assert.Equal(8192, parsed.HeaderSize);
        Assert.Equal(81, parsed.PacketsEnd);

        using EcryptfsKeyRing ring = Ring("orange-lantern-17", out _);
        Assert.Equal(EcryptfsStatus.Ok, ring.TryUnwrap(parsed, out FileKey? fek));
        using (fek)
        {
            Assert.Equal("132c08a4341c1b7984cf5e25bd1d74fa", Secret.Hex(fek!.Secret));
            using ExtentCipher cipher = new(fek, EcryptfsFormat.NewHeaderSize);
            Assert.Equal("97bd97fd9af0a3f518ba0770f3dab217", Iv(cipher, 0));
            Assert.Equal("d1470d597225cf0882cd9432d0e5f968", Iv(cipher, 1));
            Assert.Equal("baf579a66810a2359c6386817665e278", Iv(cipher, 10));

            byte[] lower = new byte[12288];
            header.CopyTo(lower, 0);
            cipher.Seal(0, "Hello, eCryptfs.\n"u8, isFinal: true, lower.AsSpan(8192));
            Assert.Equal(
                "1919dc8f11c7415ab3b30f3cadb1e6e889bee5008986044cf113a93aff894cfb",
                Convert.ToHexStringLower(lower.AsSpan(8192, 32)));
            Assert.Equal(
                "52ebc5568535aaa8fc78e6d29318395505b8576d8cce01525281821944bbe9cc",
                Convert.ToHexStringLower(SHA256.HashData(lower)));
        }
    }

    [Fact]
    public void Metadata_in_an_attribute()
    {
        byte[] value = Convert.FromHexString(
            "00000000000000017513aa2b49921dde030000060000100000028c1d04070301"
            + "001122334455667760230e3f32a5b6707b6f407a8b164e581ded1662085f434f"
            + "4e534f4c450000000093042fa39869ac8f");
        Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(value, out EcryptfsHeader? header));
        Assert.Equal(1, header!.UpperSize);
        Assert.Equal(EcryptfsFlags.Encrypted | EcryptfsFlags.MetadataInAttribute, header.Flags);
        Assert.Equal(value.Length, header.PacketsEnd);
        using EcryptfsKeyRing ring = Ring("attribute-9", out _);
        Assert.Equal(EcryptfsStatus.Ok, ring.TryUnwrap(header, out FileKey? key));
        key!.Dispose();
    }

    [Theory]
    [InlineData("a", "ECRYPTFS_FNEK_ENCRYPTED.FWYsDF.iQLapM-YcSt-OjPyEv6SxPbbyvQdGSZZe4KWvAJ1meW8Ac01RP---")]
    [InlineData("ÄÖÜ-ß-日本語-имя.txt",
        "ECRYPTFS_FNEK_ENCRYPTED.FXYsDF.iQLapM-YcSt-OjPyEv6SxPbbyvQdGbJ.8OtqKr1M5QB0DlsXpSnRmKR5Av70ItIddnX-xDmE-")]
    [InlineData("../../..", "ECRYPTFS_FNEK_ENCRYPTED.FWYsDF.iQLapM-YcSt-OjPyEv6SxPbbyvQdGGA0yIc-pd6oG6d2mVs0ePU--")]
    [InlineData(
        "MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM"
        + "MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM",
        "ECRYPTFS_FNEK_ENCRYPTED.FeYsDF.iQLapM-YcSt-OjPyEv6SxPbbyvQdGXiMlQuQO80MlsO9.-iIQHD6DHcUUe3dynCegESbfciTm1ou668"
        + "VOTgnef25duu9bwUxCW00cKbvAuel.uSiWtz6DHcUUe3dynCegESbfciTm1ou668VOTgnef25duu9bwUxCW00cKbvAuel.uSiWtz6DHcUUe3dy"
        + "nCegESbfciTm1ou668VOTgnef25duu9b")]
    public void Encrypted_names(string name, string lower)
    {
        using EcryptfsKeyRing ring = Ring("silver.birch.42", out EcryptfsKey key);
        using NameCipher cipher = new(new CipherSpec(CipherKind.Aes, 32), key);
        byte[] room = new byte[4095];
        Assert.Equal(NameStatus.Ok, cipher.Encode(Encoding.UTF8.GetBytes(name), room, out int length));
        Assert.Equal(lower, Encoding.ASCII.GetString(room, 0, length));
        Assert.Equal(NameStatus.Ok, cipher.Decode(Encoding.ASCII.GetBytes(lower), room, out length));
        Assert.Equal(name, Encoding.UTF8.GetString(room, 0, length));
    }

    [Fact]
    public void A_wrapped_passphrase_of_version_2()
    {
        byte[] file = Convert.FromHexString(
            "3a0259ace974d24a112e306434373030653264303634313034662a9196c08814"
            + "93ee8fa33ba186fd9b484fcf09cc08d00684dae6a236260d7a0e");
        Assert.Equal(WrappedPassphraseStatus.Ok, WrappedPassphrase.TryParse(file, out WrappedPassphrase? wrapped));
        Assert.Equal("0d4700e2d064104f", wrapped!.Signature.ToString());
        using SecretBuffer login = Secret.Of("login-Alice-1");
        Assert.Equal(WrappedPassphraseStatus.Ok, wrapped.Unwrap(login, out SecretBuffer? mount));
        using (mount)
        {
            Assert.Equal("0f1e2d3c4b5a69788796a5b4c3d2e1f0", Encoding.ASCII.GetString(Secret.Bytes(mount!)));
        }
    }

    [Fact]
    public void A_wrapped_passphrase_of_version_1_has_the_content_salt_and_is_rewritten_as_version_2()
    {
        using SecretBuffer login = Secret.Of("old login");
        using SecretBuffer mount = Secret.Of("a mount passphrase of forty-odd characters");
        byte[] second = WrappedPassphrase.Wrap(mount, login, EcryptfsSalt.Content).ToFile();
        byte[] first = second[10..];
        Assert.Equal(WrappedPassphraseStatus.Ok, WrappedPassphrase.TryParse(first, out WrappedPassphrase? wrapped));
        Assert.Equal(1, wrapped!.Version);
        Assert.Null(wrapped.Salt);
        Assert.Equal(first, wrapped.ToFile());
        Assert.Equal(WrappedPassphraseStatus.Ok, wrapped.Unwrap(login, out SecretBuffer? unwrapped));
        using (unwrapped)
        {
            Assert.True(unwrapped!.FixedTimeEquals(mount));
            Assert.Equal(2, WrappedPassphrase.Wrap(unwrapped, login).Version);
        }
    }

    [Fact]
    public void Persisted_codes_do_not_move()
    {
        (string, int, byte)[] codes =
        [
            ("aes", 16, 0x07), ("aes", 24, 0x08), ("aes", 32, 0x09), ("des3_ede", 24, 0x02), ("cast5", 16, 0x03),
            ("blowfish", 56, 0x04), ("twofish", 32, 0x0A), ("cast6", 32, 0x0B),
        ];
        foreach ((string name, int bytes, byte code) in codes)
        {
            Assert.True(CipherSpec.TryParseName(name, out CipherKind kind));
            Assert.Equal(code, new CipherSpec(kind, bytes).Code);
            Assert.Equal(name, new CipherSpec(kind, bytes).Name);
        }
    }

    private static EcryptfsKeyRing Ring(string passphrase, out EcryptfsKey key)
    {
        using SecretBuffer text = Secret.Of(passphrase);
        key = EcryptfsKey.FromPassphrase(text, EcryptfsSalt.Content);
        EcryptfsKeyRing ring = new();
        ring.Add(key);
        return ring;
    }

    private static string Iv(ExtentCipher cipher, long index)
    {
        byte[] iv = new byte[16];
        cipher.DeriveIv(index, iv);
        return Convert.ToHexStringLower(iv);
    }
}
