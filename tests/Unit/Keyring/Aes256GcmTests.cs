using System.Security.Cryptography;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Keyring;

public sealed class Aes256GcmTests
{
    /// <summary>The AES-256 cases of "The Galois/Counter Mode of Operation" (McGrew, Viega), 96-bit nonces.</summary>
    public static TheoryData<string, string, string, string, string, string> Published => new()
    {
        // Test case 13
        {
            "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "", "",
            "530f8afbc74536b9a963b4f1c4cb738b"
        },
        // Test case 14
        {
            "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
            "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"
        },
        // Test case 16
        {
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b"
        },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void MatchesPublishedVectors(
        string key, string nonce, string additionalData, string plaintext, string ciphertext, string tag)
    {
        using SecretBuffer secret = Bytes.Secret(Bytes.Hex(key));
        using Aes256Gcm gcm = new(secret);
        byte[] output = new byte[plaintext.Length / 2];
        byte[] tagOutput = new byte[16];
        gcm.Encrypt(Bytes.Hex(nonce), Bytes.Hex(additionalData), Bytes.Hex(plaintext), output, tagOutput);
        Assert.Equal(ciphertext, Convert.ToHexStringLower(output));
        Assert.Equal(tag, Convert.ToHexStringLower(tagOutput));

        byte[] back = new byte[output.Length];
        Assert.True(gcm.Decrypt(Bytes.Hex(nonce), Bytes.Hex(additionalData), output, tagOutput, back));
        Assert.Equal(plaintext, Convert.ToHexStringLower(back));
    }

    [Fact]
    public void AgreesWithTheOracleAtEveryLength()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        using SecretBuffer secret = Bytes.Secret(key);
        using Aes256Gcm gcm = new(secret);
        foreach (int length in Enumerable.Range(0, 80).Concat([255, 256, 4063, 4064, 4096, 100_000]))
        {
            byte[] nonce = RandomNumberGenerator.GetBytes(12);
            byte[] additionalData = RandomNumberGenerator.GetBytes(length % 23);
            byte[] plaintext = RandomNumberGenerator.GetBytes(length);
            byte[] output = new byte[length + 16];
            gcm.Encrypt(nonce, additionalData, plaintext, output.AsSpan(0, length), output.AsSpan(length));
            Assert.Equal(Oracle.GcmSeal(key, nonce, additionalData, plaintext), output);
        }
    }

    [Fact]
    public void WorksInPlace()
    {
        using SecretBuffer key = SecretBuffer.Random(32);
        using Aes256Gcm gcm = new(key);
        byte[] plaintext = RandomNumberGenerator.GetBytes(4064);
        byte[] buffer = [.. plaintext];
        byte[] nonce = RandomNumberGenerator.GetBytes(12);
        byte[] tag = new byte[16];
        gcm.Encrypt(nonce, "ad"u8, buffer, buffer, tag);
        Assert.NotEqual(plaintext, buffer);
        Assert.True(gcm.Decrypt(nonce, "ad"u8, buffer, tag, buffer));
        Assert.Equal(plaintext, buffer);
    }

    [Fact]
    public void AnyChangeFailsAndLeavesZeros()
    {
        using SecretBuffer key = SecretBuffer.Random(32);
        using Aes256Gcm gcm = new(key);
        byte[] nonce = RandomNumberGenerator.GetBytes(12);
        byte[] additionalData = RandomNumberGenerator.GetBytes(20);
        byte[] ciphertext = new byte[100];
        byte[] tag = new byte[16];
        gcm.Encrypt(nonce, additionalData, RandomNumberGenerator.GetBytes(100), ciphertext, tag);
        foreach (byte[] part in (byte[][])[nonce, additionalData, ciphertext, tag])
        {
            for (int i = 0; i < part.Length; i++)
            {
                byte[] plaintext = RandomNumberGenerator.GetBytes(100);
                part[i] ^= 1;
                Assert.False(gcm.Decrypt(nonce, additionalData, ciphertext, tag, plaintext));
                part[i] ^= 1;
                Assert.All(plaintext, b => Assert.Equal(0, b));
            }
        }

        Assert.True(gcm.Decrypt(nonce, additionalData, ciphertext, tag, new byte[100]));
    }

    [Fact]
    public void SetKeyChangesBothDirections()
    {
        byte[] first = RandomNumberGenerator.GetBytes(32);
        byte[] second = RandomNumberGenerator.GetBytes(32);
        using SecretBuffer firstKey = Bytes.Secret(first);
        using SecretBuffer secondKey = Bytes.Secret(second);
        using Aes256Gcm gcm = new(firstKey);
        byte[] nonce = new byte[12];
        byte[] output = new byte[20 + 16];
        byte[] plaintext = RandomNumberGenerator.GetBytes(20);
        gcm.Encrypt(nonce, [], plaintext, output.AsSpan(0, 20), output.AsSpan(20));
        Assert.Equal(Oracle.GcmSeal(first, nonce, [], plaintext), output);

        gcm.SetKey(secondKey);
        byte[] opened = new byte[20];
        Assert.False(gcm.Decrypt(nonce, [], output.AsSpan(0, 20), output.AsSpan(20), opened));
        gcm.Encrypt(nonce, [], plaintext, output.AsSpan(0, 20), output.AsSpan(20));
        Assert.Equal(Oracle.GcmSeal(second, nonce, [], plaintext), output);
        Assert.True(gcm.Decrypt(nonce, [], output.AsSpan(0, 20), output.AsSpan(20), opened));
        Assert.Equal(plaintext, opened);
    }

    [Fact]
    public void ManyThreadsWithOneEachGetRightResults()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        using SecretBuffer secret = Bytes.Secret(key);
        byte[] nonce = new byte[12];
        byte[] plaintext = RandomNumberGenerator.GetBytes(4064);
        byte[] expected = Oracle.GcmSeal(key, nonce, [], plaintext);
        int wrong = 0;
        RunOnThreads(8, _ =>
        {
            using Aes256Gcm gcm = new(secret);
            byte[] output = new byte[4064 + 16];
            for (int i = 0; i < 500; i++)
            {
                gcm.Encrypt(nonce, [], plaintext, output.AsSpan(0, 4064), output.AsSpan(4064));
                if (!output.AsSpan().SequenceEqual(expected)
                    || !gcm.Decrypt(nonce, [], output.AsSpan(0, 4064), output.AsSpan(4064), output.AsSpan(0, 4064)))
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        });
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void SharingOneThrowsInsteadOfGivingWrongCiphertext()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        using SecretBuffer secret = Bytes.Secret(key);
        byte[] nonce = new byte[12];
        byte[] plaintext = RandomNumberGenerator.GetBytes(1 << 20);
        byte[] expected = Oracle.GcmSeal(key, nonce, [], plaintext);
        using Aes256Gcm shared = new(secret);
        int wrong = 0;
        int refused = 0;
        for (int round = 0; round < 200 && refused == 0; round++)
        {
            RunOnThreads(4, _ =>
            {
                byte[] output = new byte[expected.Length];
                for (int i = 0; i < 20; i++)
                {
                    try
                    {
                        shared.Encrypt(nonce, [], plaintext, output.AsSpan(0, 1 << 20), output.AsSpan(1 << 20));
                        if (!output.AsSpan().SequenceEqual(expected))
                        {
                            Interlocked.Increment(ref wrong);
                        }
                    }
                    catch (InvalidOperationException)
                    {
                        Interlocked.Increment(ref refused);
                    }
                }
            });
        }

        Assert.Equal(0, wrong);
        Assert.NotEqual(0, refused);
    }

    [Fact]
    public void EncryptAndDecryptAllocateNothing()
    {
        using SecretBuffer key = SecretBuffer.Random(32);
        using Aes256Gcm gcm = new(key);
        byte[] buffer = new byte[4064];
        byte[] nonce = new byte[12];
        byte[] tag = new byte[16];
        bool authentic = true;
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                RandomBytes.FillNonce(nonce);
                gcm.Encrypt(nonce, "additional"u8, buffer, buffer, tag);
                authentic &= gcm.Decrypt(nonce, "additional"u8, buffer, tag, buffer);
                gcm.SetKey(key);
            }
        }));
        Assert.True(authentic);
    }

    [Fact]
    public void ArgumentsAreChecked()
    {
        using SecretBuffer key = SecretBuffer.Random(32);
        using SecretBuffer shortKey = SecretBuffer.Random(16);
        using Aes256Gcm gcm = new(key);
        byte[] b = new byte[64];
        Assert.Throws<ArgumentOutOfRangeException>(() => new Aes256Gcm(shortKey));
        Assert.Throws<ArgumentOutOfRangeException>(() => gcm.Encrypt(new byte[11], [], b, b, new byte[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => gcm.Encrypt(new byte[12], [], b, b, new byte[15]));
        Assert.Throws<ArgumentOutOfRangeException>(() => gcm.Encrypt(new byte[12], [], b, new byte[63], new byte[16]));
        Assert.Throws<ArgumentException>(
            () => gcm.Encrypt(new byte[12], [], b.AsSpan(0, 32), b.AsSpan(1, 32), new byte[16]));
        gcm.Dispose();
        gcm.Dispose();
        Assert.Throws<ObjectDisposedException>(() => gcm.Encrypt(new byte[12], [], b, b, new byte[16]));
    }

    private static void RunOnThreads(int count, Action<int> body)
    {
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() => body(i)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }
}
