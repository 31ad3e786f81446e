using System.Security.Cryptography;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Keyring;

public sealed class VolumeKeyTests
{
    [Fact]
    public void IdAndSignatureAreWhatTheSpecSays()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] expected = Oracle.Hkdf(key, [], "id"u8.ToArray(), 16);
        using LocalVolumeKeyLease lease = new(Bytes.Secret(key));
        Assert.True(lease.Id.Matches(expected));
        Assert.Equal(Convert.ToHexStringLower(expected), lease.Id.ToString());
        Assert.Equal(Convert.ToHexStringLower(expected[..8]), lease.Id.Signature.ToString());
    }

    [Fact]
    public void IdsParseAndCompare()
    {
        VolumeKeyId id = new(RandomNumberGenerator.GetBytes(16));
        Assert.True(VolumeKeyId.TryParse(id.ToString().ToUpperInvariant(), out VolumeKeyId same));
        Assert.Equal(id, same);
        Assert.Equal(id.GetHashCode(), same.GetHashCode());
        byte[] bytes = new byte[16];
        id.CopyTo(bytes);
        bytes[15] ^= 1;
        Assert.NotEqual(id, new VolumeKeyId(bytes));
        Assert.Equal(id.Signature, new VolumeKeyId(bytes).Signature);
        Assert.False(VolumeKeyId.TryParse("00", out _));
        Assert.False(VolumeKeyId.TryParse(new string('g', 32), out _));
    }

    [Theory]
    [InlineData("0123456789abcdef", true)]
    [InlineData("0123456789ABCDEF", true)]
    [InlineData("0123456789abcde", false)]
    [InlineData("0123456789abcdef0", false)]
    [InlineData("0x23456789abcdef", false)]
    [InlineData("", false)]
    public void SignaturesAreSixteenDigits(string text, bool valid)
    {
        Assert.Equal(valid, Signature.TryParse(text, out Signature signature));
        Assert.Equal(valid ? text.ToLowerInvariant() : "0000000000000000", signature.ToString());
    }

    [Fact]
    public void WrappedKeysAreWhatTheSpecSays()
    {
        byte[] volumeKey = RandomNumberGenerator.GetBytes(32);
        byte[] fileKey = RandomNumberGenerator.GetBytes(32);
        using LocalVolumeKeyLease lease = new(Bytes.Secret(volumeKey));
        using SecretBuffer key = Bytes.Secret(fileKey);
        byte[] wrapped = new byte[60];
        Assert.True(lease.Wrap(key, "FEK, file id"u8, wrapped));
        byte[] wrappingKey = Oracle.Hkdf(volumeKey, [], "wrap"u8.ToArray(), 32);
        Assert.Equal(Oracle.GcmSeal(wrappingKey, wrapped[..12], "FEK, file id"u8.ToArray(), fileKey), wrapped[12..]);

        Assert.True(lease.TryUnwrap(wrapped, "FEK, file id"u8, out SecretBuffer? unwrapped));
        using (unwrapped)
        {
            Assert.True(unwrapped.FixedTimeEquals(key));
        }

        Assert.False(lease.TryUnwrap(wrapped, "NK, file id"u8, out _));
        for (int i = 0; i < wrapped.Length; i++)
        {
            wrapped[i] ^= 1;
            Assert.False(lease.TryUnwrap(wrapped, "FEK, file id"u8, out _));
            wrapped[i] ^= 1;
        }
    }

    [Fact]
    public void NoncesOfWrapsDiffer()
    {
        using LocalVolumeKeyLease lease = LocalVolumeKeyLease.Create();
        using SecretBuffer key = SecretBuffer.Random(32);
        byte[] a = new byte[60];
        byte[] b = new byte[60];
        Assert.True(lease.Wrap(key, [], a));
        Assert.True(lease.Wrap(key, [], b));
        Assert.False(a.AsSpan(0, 12).SequenceEqual(b.AsSpan(0, 12)));
    }

    [Fact]
    public void ARevokedLeaseRefusesEverything()
    {
        LocalVolumeKeyLease lease = LocalVolumeKeyLease.Create();
        VolumeKeyId id = lease.Id;
        using SecretBuffer key = SecretBuffer.Random(32);
        byte[] wrapped = new byte[60];
        Assert.True(lease.Wrap(key, [], wrapped));
        Assert.False(lease.IsRevoked);
        lease.Revoke();
        Assert.True(lease.IsRevoked);
        Assert.False(lease.TryUnwrap(wrapped, [], out _));
        Assert.False(lease.Wrap(key, [], new byte[60]));
        Assert.False(lease.TryDerive("config"u8, 32, out _));
        Assert.Equal(id, lease.Id);
        lease.Dispose();
    }

    [Fact]
    public void DerivedKeysDependOnTheLabel()
    {
        byte[] volumeKey = RandomNumberGenerator.GetBytes(32);
        using LocalVolumeKeyLease lease = new(Bytes.Secret(volumeKey));
        Assert.True(lease.TryDerive("config"u8, 32, out SecretBuffer? key));
        using (key)
        {
            Assert.Equal(Oracle.Hkdf(volumeKey, [], "config"u8.ToArray(), 32), Bytes.Reveal(key));
        }
    }
}
