using System.Security.Cryptography;
using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Secrets;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Codecs;

public sealed class ExtentCipherTests : IDisposable
{
    private readonly SecretBuffer _fek = SecretBuffer.Random(32);
    private readonly SecretBuffer _nextFek = SecretBuffer.Random(32);
    private readonly FileKeys _keys;
    private readonly ExtentCipher _cipher;
    private readonly byte[] _page = new byte[4096];
    private readonly byte[] _opened = new byte[4064];

    public ExtentCipherTests()
    {
        _keys = new FileKeys(default, currentEpoch: false, _fek, nextFek: null);
        _cipher = new ExtentCipher(_keys);
    }

    public void Dispose()
    {
        _cipher.Dispose();
        _keys.Dispose();
        _nextFek.Dispose();
        _fek.Dispose();
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(16, false)]
    [InlineData(4063, true)]
    [InlineData(4064, false)]
    [InlineData(4064, true)]
    public void What_is_sealed_opens(int length, bool isFinal)
    {
        byte[] plaintext = RandomNumberGenerator.GetBytes(length);
        Array.Fill(_opened, (byte)0xee);
        _cipher.Seal(7, plaintext, isFinal, _page);

        Assert.Equal(ExtentStatus.Ok, _cipher.Open(7, _page, _opened, out ExtentMeta meta));
        Assert.Equal(new ExtentMeta(length, isFinal ? ExtentFlags.Final : ExtentFlags.None), meta);
        Assert.Equal(plaintext, _opened[..length]);
        Assert.All(_opened[length..], b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4000)]
    [InlineData(4064)]
    public void In_place_is_the_same_format(int length)
    {
        byte[] plaintext = RandomNumberGenerator.GetBytes(length);
        Array.Fill(_page, (byte)0xee);
        plaintext.CopyTo(_page, 16);
        _cipher.SealInPlace(3, _page, length, isFinal: false);
        Assert.Equal(ExtentStatus.Ok, _cipher.Open(3, _page, _opened, out _));
        Assert.Equal(plaintext, _opened[..length]);

        Assert.Equal(ExtentStatus.Ok, _cipher.OpenInPlace(3, _page, out ExtentMeta meta));
        Assert.Equal(length, meta.Count);
        Assert.Equal(_opened, _page[16..4080]);
    }

    [Fact]
    public void No_nonce_comes_twice()
    {
        HashSet<string> seen = [];
        for (int i = 0; i < 1000; i++)
        {
            _cipher.Seal(0, _opened, isFinal: true, _page);
            Assert.True(seen.Add(Convert.ToHexString(_page, 0, 12)));
        }
    }

    [Fact]
    public void An_extent_in_another_place_is_refused()
    {
        _cipher.Seal(5, _opened, isFinal: false, _page);
        Array.Fill(_opened, (byte)1);
        Assert.Equal(ExtentStatus.AuthenticationFailed, _cipher.Open(6, _page, _opened, out ExtentMeta meta));
        Assert.Equal(default, meta);
        Assert.All(_opened, b => Assert.Equal(0, b));
    }

    [Fact]
    public void An_extent_of_another_file_is_refused()
    {
        using FileKeys other = new(default, currentEpoch: false, _nextFek, nextFek: null);
        using ExtentCipher stranger = new(other);
        stranger.Seal(5, _opened, isFinal: false, _page);
        Assert.Equal(ExtentStatus.AuthenticationFailed, _cipher.OpenInPlace(5, _page, out _));
        Assert.All(_page[16..4080], b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_page_of_zeros_is_a_hole()
    {
        Array.Fill(_opened, (byte)1);
        Assert.Equal(ExtentStatus.Hole, _cipher.Open(0, _page, _opened, out _));
        Assert.All(_opened, b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData(12, 0xffff)] // count 65,535
    [InlineData(12, 0x0fe1)] // count 4,065
    [InlineData(12, 0)] // count 0
    [InlineData(14, 4)] // an unknown flag
    [InlineData(14, 0x8000)]
    public void What_no_writer_makes_is_malformed(int offset, int value)
    {
        _cipher.Seal(0, _opened, isFinal: false, _page);
        _page[offset] = (byte)(value & 0xff);
        _page[offset + 1] = (byte)(value >> 8);
        Assert.Equal(ExtentStatus.Malformed, _cipher.Open(0, _page, _opened, out _));
    }

    [Fact]
    public void An_epoch_without_a_key_is_refused()
    {
        _cipher.Seal(0, _opened, isFinal: false, _page);
        _page[14] |= 2;
        Assert.Equal(ExtentStatus.NoSuchKey, _cipher.Open(0, _page, _opened, out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_next_key_seals_and_both_open(bool currentEpoch)
    {
        using FileKeys before = new(default, currentEpoch, _fek, nextFek: null);
        using FileKeys during = new(default, currentEpoch, _fek, _nextFek);
        using FileKeys after = new(default, !currentEpoch, _nextFek, nextFek: null);
        using ExtentCipher cipher = new(before);
        byte[] old = new byte[4096];
        cipher.Seal(1, _opened, isFinal: false, old);

        cipher.Rekey(during);
        cipher.Seal(2, _opened, isFinal: false, _page);
        Assert.Equal(!currentEpoch, (_page[14] & 2) != 0);
        Assert.Equal(ExtentStatus.Ok, cipher.Open(1, old, _opened, out ExtentMeta meta));
        Assert.Equal(currentEpoch, (meta.Flags & ExtentFlags.Epoch) != 0);
        Assert.Equal(ExtentStatus.Ok, cipher.Open(2, _page, _opened, out _));

        cipher.Rekey(after);
        Assert.Equal(ExtentStatus.NoSuchKey, cipher.Open(1, old, _opened, out _));
        Assert.Equal(ExtentStatus.Ok, cipher.Open(2, _page, _opened, out _));
    }

    [Fact]
    public void The_index_counts_to_the_greatest_file()
    {
        long last = NativeSizeRule.MaxExtents - 1;
        _cipher.Seal(last, _opened, isFinal: true, _page);
        Assert.Equal(ExtentStatus.Ok, _cipher.Open(last, _page, _opened, out _));
        Assert.Equal(ExtentStatus.AuthenticationFailed, _cipher.Open(last & int.MaxValue, _page, _opened, out _));
    }

    [Fact]
    public void A_wrong_buffer_or_index_is_a_bug()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _cipher.Seal(-1, _opened, isFinal: false, _page));
        Assert.Throws<ArgumentOutOfRangeException>(() => _cipher.Seal(0, [], isFinal: false, _page));
        Assert.Throws<ArgumentOutOfRangeException>(() => _cipher.Seal(0, new byte[4065], isFinal: false, _page));
        Assert.Throws<ArgumentOutOfRangeException>(() => _cipher.Seal(0, _opened, isFinal: false, new byte[4095]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _cipher.Open(0, _page, new byte[4063], out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => _cipher.Open(0, new byte[4097], _opened, out _));
    }

    [Fact]
    public void Sealing_and_opening_allocate_nothing()
    {
        byte[] part = new byte[100];
        Assert.Equal(0, Allocations.Of(() => Run(1000)));

        void Run(int times)
        {
            for (int i = 0; i < times; i++)
            {
                _cipher.Seal(i, _opened, isFinal: false, _page);
                _ = _cipher.Open(i, _page, _opened, out _);
                _ = _cipher.Open(i + 1, _page, _opened, out _);
                _cipher.Seal(i, part, isFinal: true, _page);
                _ = _cipher.OpenInPlace(i, _page, out _);
            }
        }
    }
}
