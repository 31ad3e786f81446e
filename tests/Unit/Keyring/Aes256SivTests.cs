using System.Security.Cryptography;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Keyring;

public sealed class Aes256SivTests
{
    /// <summary>RFC 5297 A.1, whose 32-byte key the oracle must reproduce before it judges our 64-byte one.</summary>
    [Fact]
    public void TheOracleMatchesRfc5297()
    {
        byte[] output = Oracle.SivSeal(
            Bytes.Hex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
            Bytes.Hex("112233445566778899aabbccddee"),
            Bytes.Hex("101112131415161718191a1b1c1d1e1f2021222324252627"));
        Assert.Equal(
            "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c",
            Convert.ToHexStringLower(output));
    }

    [Fact]
    public void TheOracleMatchesRfc5297WithSeveralComponents()
    {
        byte[] output = Oracle.SivSeal(
            Bytes.Hex("7f7e7d7c7b7a79787776757473727170 404142434445464748494a4b4c4d4e4f"),
            Bytes.Hex("7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553"),
            Bytes.Hex("00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100"),
            Bytes.Hex("102030405060708090a0"),
            Bytes.Hex("09f911029d74e35bd84156c5635688c0"));
        Assert.Equal(
            "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d",
            Convert.ToHexStringLower(output));
    }

    [Fact]
    public void AgreesWithTheOracleAtEveryLength()
    {
        byte[] key = RandomNumberGenerator.GetBytes(64);
        using SecretBuffer secret = Bytes.Secret(key);
        using Aes256Siv siv = new(secret);
        foreach (int length in Enumerable.Range(1, 70).Concat([255, 256, 4095]))
        {
            byte[] kind = RandomNumberGenerator.GetBytes((length % 5) + 1);
            byte[] context = RandomNumberGenerator.GetBytes(length % 3);
            byte[] plaintext = RandomNumberGenerator.GetBytes(length);
            byte[] output = new byte[length + 16];
            siv.Encrypt(kind, context, plaintext, output);
            Assert.Equal(Oracle.SivSeal(key, plaintext, context.Length == 0 ? [kind] : [kind, context]), output);

            byte[] back = new byte[length];
            Assert.True(siv.Decrypt(kind, context, output, back));
            Assert.Equal(plaintext, back);
        }
    }

    [Fact]
    public void AnyChangeFailsAndLeavesZeros()
    {
        using SecretBuffer key = SecretBuffer.Random(64);
        using Aes256Siv siv = new(key);
        byte[] output = new byte[40];
        siv.Encrypt("name"u8, [], RandomNumberGenerator.GetBytes(24), output);
        byte[] plaintext = new byte[24];
        for (int i = 0; i < output.Length; i++)
        {
            output[i] ^= 0x80;
            RandomNumberGenerator.Fill(plaintext);
            Assert.False(siv.Decrypt("name"u8, [], output, plaintext));
            Assert.All(plaintext, b => Assert.Equal(0, b));
            output[i] ^= 0x80;
        }

        Assert.False(siv.Decrypt("link"u8, [], output, plaintext));
        Assert.False(siv.Decrypt("name"u8, "x"u8, output, plaintext));
        Assert.True(siv.Decrypt("name"u8, [], output, plaintext));
    }

    [Fact]
    public void EncryptAndDecryptAllocateNothing()
    {
        using SecretBuffer key = SecretBuffer.Random(64);
        using Aes256Siv siv = new(key);
        byte[] plaintext = new byte[24];
        byte[] output = new byte[40];
        bool authentic = true;
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                siv.Encrypt("name"u8, [], plaintext, output);
                authentic &= siv.Decrypt("name"u8, [], output, plaintext);
            }
        }));
        Assert.True(authentic);
    }

    [Fact]
    public void ArgumentsAreChecked()
    {
        using SecretBuffer key = SecretBuffer.Random(64);
        using SecretBuffer shortKey = SecretBuffer.Random(32);
        using Aes256Siv siv = new(key);
        byte[] b = new byte[64];
        Assert.Throws<ArgumentOutOfRangeException>(() => new Aes256Siv(shortKey));
        Assert.Throws<ArgumentOutOfRangeException>(() => siv.Encrypt("k"u8, [], [], b.AsSpan(0, 16)));
        Assert.Throws<ArgumentOutOfRangeException>(() => siv.Encrypt("k"u8, [], b.AsSpan(0, 10), new byte[25]));
        Assert.Throws<ArgumentOutOfRangeException>(() => siv.Decrypt("k"u8, [], b.AsSpan(0, 16), []));
        Assert.Throws<ArgumentException>(() => siv.Encrypt("k"u8, [], b.AsSpan(0, 10), b.AsSpan(0, 26)));
    }
}
