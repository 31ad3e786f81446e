using System.Security.Cryptography;
using System.Text;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Keyring;

public sealed class DerivationTests
{
    /// <summary>RFC 5869 appendix A, the SHA-256 cases.</summary>
    [Theory]
    [InlineData(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")]
    [InlineData(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")]
    public void HkdfMatchesRfc5869(string key, string salt, string info, string expected)
    {
        using SecretBuffer secret = Bytes.Secret(Bytes.Hex(key));
        using SecretBuffer derived = HkdfSha256.Derive(secret, Bytes.Hex(salt), Bytes.Hex(info), expected.Length / 2);
        Assert.Equal(expected, Convert.ToHexStringLower(Bytes.Reveal(derived)));
    }

    [Fact]
    public void HkdfAgreesWithTheOracle()
    {
        for (int length = 1; length < 200; length += 7)
        {
            byte[] key = RandomNumberGenerator.GetBytes(32);
            byte[] info = RandomNumberGenerator.GetBytes(length % 11);
            using SecretBuffer secret = Bytes.Secret(key);
            using SecretBuffer derived = HkdfSha256.Derive(secret, info, length);
            Assert.Equal(Oracle.Hkdf(key, [], info, length), Bytes.Reveal(derived));
        }
    }

    /// <summary>RFC 4231 test cases 1, 2 and 6.</summary>
    [Theory]
    [InlineData(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")]
    [InlineData(
        "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    public void HmacMatchesRfc4231(string key, string data, string expected)
    {
        using SecretBuffer secret = Bytes.Secret(Bytes.Hex(key));
        byte[] mac = new byte[32];
        HmacSha256.Compute(secret, Bytes.Hex(data), mac);
        Assert.Equal(expected, Convert.ToHexStringLower(mac));
        Assert.True(HmacSha256.Verify(secret, Bytes.Hex(data), mac));
        mac[31] ^= 1;
        Assert.False(HmacSha256.Verify(secret, Bytes.Hex(data), mac));
        Assert.False(HmacSha256.Verify(secret, Bytes.Hex(data), mac.AsSpan(0, 16)));
    }

    [Fact]
    public void HmacAgreesWithTheOracle()
    {
        foreach (int length in (int[])[0, 1, 63, 64, 65, 4064])
        {
            byte[] key = RandomNumberGenerator.GetBytes(32);
            byte[] data = RandomNumberGenerator.GetBytes(length);
            using SecretBuffer secret = Bytes.Secret(key);
            byte[] mac = new byte[32];
            HmacSha256.Compute(secret, data, mac);
            Assert.Equal(Oracle.Hmac(key, data), mac);
        }
    }

    /// <summary>RFC 7914 §12; its first case has an empty passphrase, which no secret of ours is.</summary>
    [Theory]
    [InlineData(
        "password", "NaCl", 10, 8, 16,
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    [InlineData(
        "pleaseletmein", "SodiumChloride", 14, 8, 1,
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void ScryptMatchesRfc7914(string passphrase, string salt, int logN, int r, int p, string expected)
    {
        using SecretBuffer secret = Bytes.Secret(Encoding.ASCII.GetBytes(passphrase));
        using SecretBuffer derived = Scrypt.Derive(secret, Encoding.ASCII.GetBytes(salt), logN, r, p, 64);
        Assert.Equal(expected, Convert.ToHexStringLower(Bytes.Reveal(derived)));
    }

    [Fact]
    public void ScryptAgreesWithTheOracle()
    {
        byte[] passphrase = RandomNumberGenerator.GetBytes(19);
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        using SecretBuffer secret = Bytes.Secret(passphrase);
        using SecretBuffer derived = Scrypt.Derive(secret, salt, 8, 4, 3, 32);
        Assert.Equal(Oracle.Scrypt(passphrase, salt, 256, 4, 3, 32), Bytes.Reveal(derived));
    }

    [Theory]
    [InlineData(17, 8, 1, true)]
    [InlineData(20, 8, 1, true)] // exactly 1 GiB
    [InlineData(21, 8, 1, false)] // 2 GiB
    [InlineData(20, 8, 2, true)]
    [InlineData(20, 8, 3, false)] // too much work
    [InlineData(0, 8, 1, false)]
    [InlineData(63, 1, 1, false)]
    [InlineData(10, 0, 1, false)]
    [InlineData(10, 8, 0, false)]
    [InlineData(10, 65, 1, false)]
    [InlineData(10, 8, 65, false)]
    [InlineData(255, 255, 255, false)]
    public void ScryptCostIsCapped(int logN, int r, int p, bool allowed) =>
        Assert.Equal(allowed, Scrypt.IsCostAllowed(logN, r, p));

    [Fact]
    public void ScryptRefusesABombBeforeRunning()
    {
        using SecretBuffer passphrase = SecretBuffer.Random(8);
        Assert.Throws<ArgumentOutOfRangeException>(() => Scrypt.Derive(passphrase, [], 30, 64, 64, 32));
    }
}
