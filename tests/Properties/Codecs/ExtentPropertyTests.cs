using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Properties.Codecs;

public sealed class ExtentPropertyTests : IDisposable
{
    private readonly SecretBuffer _fek = SecretBuffer.Random(32);
    private readonly SecretBuffer _nextFek = SecretBuffer.Random(32);
    private readonly FileKeys _keys;
    private readonly ExtentCipher _cipher;
    private readonly byte[] _plaintext = new byte[4064];
    private readonly byte[] _page = new byte[4096];
    private readonly byte[] _opened = new byte[4064];

    public ExtentPropertyTests()
    {
        _keys = new FileKeys(default, currentEpoch: true, _fek, _nextFek);
        _cipher = new ExtentCipher(_keys);
    }

    public static TheoryData<int> RandomSeeds => Seeds.All;

    public void Dispose()
    {
        _cipher.Dispose();
        _keys.Dispose();
        _nextFek.Dispose();
        _fek.Dispose();
    }

    [Theory]
    [InlineData(4064, false)]
    [InlineData(1, true)]
    public void Every_flipped_bit_is_detected_and_nothing_is_released(int length, bool isFinal)
    {
        Random.Shared.NextBytes(_plaintext);
        _cipher.Seal(9, _plaintext.AsSpan(0, length), isFinal, _page);
        for (int bit = 0; bit < 8 * 4096; bit++)
        {
            _page[bit / 8] ^= (byte)(1 << (bit % 8));
            ExtentStatus status = _cipher.Open(9, _page, _opened, out ExtentMeta meta);
            _page[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(status is ExtentStatus.AuthenticationFailed or ExtentStatus.Malformed, $"bit {bit}: {status}");
            Assert.False(_opened.AsSpan().ContainsAnyExcept((byte)0), $"bit {bit}");
            Assert.Equal(default, meta);
        }

        Assert.Equal(ExtentStatus.Ok, _cipher.Open(9, _page, _opened, out _));
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void Any_extent_opens_in_its_place_and_in_no_other(int seed)
    {
        Random random = new(seed);
        long[] centers = [0, 1L << 20, 1_056_833, 1L << 31, 1L << 32, 2_164_392_969, NativeSizeRule.MaxExtents - 100];
        for (int i = 0; i < 5_000; i++)
        {
            long index = centers[random.Next(centers.Length)] + random.Next(0, 100);
            int length = random.Next(1, 4065);
            random.NextBytes(_plaintext.AsSpan(0, length));
            bool isFinal = random.Next(2) == 0;
            if (random.Next(2) == 0)
            {
                _cipher.Seal(index, _plaintext.AsSpan(0, length), isFinal, _page);
            }
            else
            {
                random.NextBytes(_page);
                _plaintext.AsSpan(0, length).CopyTo(_page.AsSpan(16));
                _cipher.SealInPlace(index, _page, length, isFinal);
            }

            long elsewhere = index ^ (1L << random.Next(0, 51));
            Assert.Equal(ExtentStatus.AuthenticationFailed, _cipher.Open(elsewhere, _page, _opened, out _));
            Assert.Equal(ExtentStatus.Ok, _cipher.Open(index, _page, _opened, out ExtentMeta meta));
            Assert.True(
                meta.Count == length && meta.IsFinal == isFinal
                && _opened.AsSpan(0, length).SequenceEqual(_plaintext.AsSpan(0, length))
                && !_opened.AsSpan(length).ContainsAnyExcept((byte)0),
                $"seed {seed}, round {i}");
        }
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void Random_pages_are_refused(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 5_000; i++)
        {
            random.NextBytes(_page);
            _page[13] = (byte)random.Next(0, 16); // mostly a count that could be
            _page[14] &= 3;
            _page[15] = 0;
            Assert.True(
                _cipher.Open(i, _page, _opened, out _) is ExtentStatus.AuthenticationFailed or ExtentStatus.Malformed,
                $"seed {seed}, round {i}");
        }
    }

    // The sizes of FORMAT.md section 2.4 for any size at all, more of them near what overflows something.
    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void Sizes_come_back(int seed)
    {
        Random random = new(seed);
        long[] centers = [0, 1L << 31, 1L << 32, 1L << 43, (1L << 31) * 4064, NativeSizeRule.MaxUpperSize];
        for (int i = 0; i < 200_000; i++)
        {
            long upper = random.Next(2) == 0
                ? random.NextInt64(0, NativeSizeRule.MaxUpperSize + 1)
                : Math.Clamp(centers[random.Next(centers.Length)] + random.Next(-10_000, 10_000), 0, NativeSizeRule.MaxUpperSize);
            Assert.True(NativeSizeRule.TryGetLowerSize(upper, out long lower));
            Assert.True(NativeSizeRule.TryGetUpperSize(lower, out long back) && back == upper, $"seed {seed}: {upper}");

            long any = random.NextInt64(0, long.MaxValue);
            if (NativeSizeRule.TryGetUpperSize(any, out long told) && told > 0)
            {
                Assert.True(NativeSizeRule.TryGetLowerSize(told, out long again) && again == any, $"seed {seed}: {any}");
            }
        }
    }
}
