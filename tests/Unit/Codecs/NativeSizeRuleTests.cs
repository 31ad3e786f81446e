using StackFs.Codecs.Native;

namespace StackFs.Tests.Unit.Codecs;

public class NativeSizeRuleTests
{
    // The worked examples of FORMAT.md section 2.4.
    [Theory]
    [InlineData(0, 4_096)]
    [InlineData(1, 8_193)]
    [InlineData(4_063, 12_255)]
    [InlineData(4_064, 12_256)]
    [InlineData(4_065, 12_289)]
    [InlineData(1_048_576, 1_065_024)]
    [InlineData(4_294_967_295, 4_328_794_111)]
    [InlineData(4_294_967_296, 4_328_794_112)]
    [InlineData(8_727_373_545_472, 8_796_093_030_368)]
    [InlineData(8_727_373_545_473, 8_796_093_030_401)]
    [InlineData(8_796_093_022_208, 8_865_353_605_376)]
    [InlineData(9_151_314_442_816_839_744, long.MaxValue - 31)]
    public void A_sealed_size_tells_the_plaintext_size(long upper, long lower)
    {
        Assert.True(NativeSizeRule.TryGetLowerSize(upper, out long computedLower));
        Assert.Equal(lower, computedLower);
        Assert.True(NativeSizeRule.TryGetUpperSize(lower, out long computedUpper));
        Assert.Equal(upper, computedUpper);
    }

    [Fact]
    public void A_file_never_written_is_empty()
    {
        Assert.True(NativeSizeRule.TryGetUpperSize(0, out long upper));
        Assert.Equal(0, upper);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4_095)]
    [InlineData(4_097)]
    [InlineData(8_191)]
    [InlineData(8_192)]
    [InlineData(8_192 + 4_065)]
    [InlineData(8_192 + 4_095)]
    [InlineData(12_288)]
    [InlineData(long.MaxValue - 30)]
    [InlineData(long.MaxValue)]
    public void Any_other_size_is_not_sealed(long lower)
    {
        Assert.False(NativeSizeRule.TryGetUpperSize(lower, out long upper));
        Assert.Equal(0, upper);
    }

    [Theory]
    [InlineData(NativeSizeRule.MaxUpperSize + 1)]
    [InlineData(long.MaxValue)]
    public void A_size_past_the_greatest_is_refused(long upper)
    {
        Assert.False(NativeSizeRule.TryGetLowerSize(upper, out _));
    }

    [Fact]
    public void A_negative_size_is_a_bug()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NativeSizeRule.TryGetUpperSize(-1, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => NativeSizeRule.TryGetLowerSize(-1, out _));
    }

    // Brute force around every boundary that matters: extents, 4 GiB, 2^31 extents, 8 TiB, the top.
    [Theory]
    [InlineData(0)]
    [InlineData(1L << 32)]
    [InlineData((1L << 31) * 4_064)]
    [InlineData(1L << 43)]
    [InlineData(NativeSizeRule.MaxUpperSize)]
    public void Both_ways_agree_around(long center)
    {
        for (long upper = Math.Max(center - 9_000, 1); upper <= Math.Min(center + 9_000, NativeSizeRule.MaxUpperSize); upper++)
        {
            Assert.True(NativeSizeRule.TryGetLowerSize(upper, out long lower));
            Assert.True(NativeSizeRule.TryGetUpperSize(lower, out long back));
            Assert.Equal(upper, back);
            long extents = (upper + 4_063) / 4_064;
            Assert.Equal((4_096 * (1 + extents)) + (upper - (4_064 * (extents - 1))), lower);
        }
    }
}
