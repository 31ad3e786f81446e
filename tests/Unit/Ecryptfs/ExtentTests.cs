using StackFs.Codecs;
using StackFs.Codecs.Ecryptfs;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Ecryptfs;

public class ExtentTests
{
    private static readonly CipherSpec Aes32 = new(CipherKind.Aes, 32);

    [Theory]
    [InlineData(0, 8192)]
    [InlineData(1, 12288)]
    [InlineData(4096, 12288)]
    [InlineData(4097, 16384)]
    [InlineData(20000, 28672)]
    [InlineData(0x1_0000_0000, 0x1_0000_2000)]
    [InlineData(0x7FFF_FFFF_FFEF_E000, 0x7FFF_FFFF_FFF0_0000)]
    public void Lower_sizes(long upper, long lower)
    {
        EcryptfsLayout layout = new(8192);
        Assert.Equal(lower, layout.LowerSize(upper));
        Assert.Equal(lower - 8192, new EcryptfsLayout(0).LowerSize(upper));
        Assert.True(layout.WholeUpperSize(lower) >= upper);
        Assert.True(upper == 0 || layout.WholeUpperSize(lower - 1) < upper);
    }

    [Fact]
    public void A_page_of_zeros_is_a_hole_and_a_page_of_encrypted_zeros_is_not()
    {
        using FileKey key = FileKey.CreateRandom(Aes32);
        using ExtentCipher cipher = new(key, 8192);
        byte[] stored = new byte[4096];
        byte[] plain = new byte[4096];
        Array.Fill(plain, (byte)1);
        Assert.Equal(ExtentStatus.Hole, cipher.Open(7, stored, plain, out _));
        Assert.All(plain, static octet => Assert.Equal(0, octet));
        cipher.Seal(7, [], isFinal: false, stored);
        Assert.Contains(stored, static octet => octet != 0);
        Assert.Equal(ExtentStatus.Ok, cipher.Open(7, stored, plain, out ExtentMeta meta));
        Assert.Equal(4096, meta.Count);
        Assert.All(plain, static octet => Assert.Equal(0, octet));
    }

    [Fact]
    public void The_index_and_the_key_change_every_octet_and_the_tail_is_zeroed()
    {
        using FileKey key = FileKey.CreateRandom(Aes32);
        using FileKey otherKey = FileKey.CreateRandom(Aes32);
        using ExtentCipher cipher = new(key, 8192);
        using ExtentCipher other = new(otherKey, 8192);
        byte[] text = new byte[100];
        Array.Fill(text, (byte)'x');
        byte[] zero = new byte[4096];
        byte[] one = new byte[4096];
        byte[] foreign = new byte[4096];
        Array.Fill(zero, (byte)0xEE);
        cipher.Seal(0, text, isFinal: true, zero);
        cipher.Seal(1, text, isFinal: true, one);
        other.Seal(0, text, isFinal: true, foreign);
        Assert.NotEqual(zero[..16], one[..16]);
        Assert.NotEqual(zero[..16], foreign[..16]);
        Assert.Equal(ExtentStatus.Ok, cipher.OpenInPlace(0, zero, out _));
        Assert.Equal(text, zero[..100]);
        Assert.All(zero[100..], static octet => Assert.Equal(0, octet));
    }

    [Fact]
    public void The_largest_index_has_an_iv()
    {
        using FileKey key = FileKey.CreateRandom(Aes32);
        using ExtentCipher cipher = new(key, 8192);
        cipher.DeriveIv(EcryptfsFormat.MaxUpperSize / 4096, new byte[16]);
        Assert.Throws<ArgumentOutOfRangeException>(() => cipher.DeriveIv(-1, new byte[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cipher.Seal(0, new byte[4097], false, new byte[4096]));
    }

    [Fact]
    public void Sealing_and_opening_allocate_nothing()
    {
        using FileKey key = FileKey.CreateRandom(Aes32);
        using ExtentCipher cipher = new(key, 8192);
        byte[] stored = new byte[4096];
        byte[] plain = new byte[4096];
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                cipher.Seal(i, plain, isFinal: false, stored);
                _ = cipher.Open(i, stored, plain, out _);
            }
        }));
    }
}
