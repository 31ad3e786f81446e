using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Tests.Common;
using Xunit;

namespace StackFs.Tests.Unit.Content;

public class ExtentLayoutTests
{
    private const long TwoToThe31Extents = (1L << 31) * ExtentLayout.ExtentSize;

    [Fact]
    public void SizesAreThoseOfTheFormat()
    {
        Assert.Equal(NativeFormat.PageSize, ExtentLayout.PageSize);
        Assert.Equal(NativeFormat.ExtentSize, ExtentLayout.ExtentSize);
    }

    [Theory]
    [InlineData(0, 0, 4096)]
    [InlineData(4063, 0, 4096)]
    [InlineData(4064, 1, 8192)]
    [InlineData((4L << 30) - 1, 1_056_832, 4_328_787_968)]
    [InlineData(4L << 30, 1_056_832, 4_328_787_968)]
    [InlineData(TwoToThe31Extents - 1, (1L << 31) - 1, 1L << 43)]
    [InlineData(TwoToThe31Extents, 1L << 31, (1L << 43) + 4096)]
    [InlineData(NativeSizeRule.MaxUpperSize - 1, NativeSizeRule.MaxExtents - 1, long.MaxValue - 8191)]
    public void EveryByteHasOneExtentAndOnePage(long upperOffset, long index, long lowerStart)
    {
        Assert.Equal(index, ExtentLayout.IndexOf(upperOffset));
        Assert.Equal(lowerStart, ExtentLayout.LowerStart(index));
        Assert.InRange(upperOffset, ExtentLayout.UpperStart(index), ExtentLayout.UpperEnd(index) - 1);
    }

    [Theory]
    [InlineData(0, 0, -1)]
    [InlineData(1, 1, 0)]
    [InlineData(4064, 1, 0)]
    [InlineData(4065, 2, 1)]
    [InlineData(1 << 20, 259, 258)]
    [InlineData(NativeSizeRule.MaxUpperSize, NativeSizeRule.MaxExtents, NativeSizeRule.MaxExtents - 1)]
    public void ExtentsAreCounted(long size, long count, long last)
    {
        Assert.Equal(count, ExtentLayout.CountOf(size));
        Assert.Equal(last, ExtentLayout.LastIndexOf(size));
    }

    [Fact]
    public void ValidBytesEndWithTheFile()
    {
        Assert.Equal(4064, ExtentLayout.ValidBytes(0, 5000));
        Assert.Equal(936, ExtentLayout.ValidBytes(1, 5000));
        Assert.Equal(0, ExtentLayout.ValidBytes(2, 5000));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4095, 0)]
    [InlineData(4096, 0)]
    [InlineData(8191, 0)]
    [InlineData(8192, 1)]
    [InlineData(12256, 1)]
    [InlineData(12288, 2)]
    public void OnlyWholePagesCount(long lowerSize, long pages) =>
        Assert.Equal(pages, ExtentLayout.PagesIn(lowerSize));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 4064)]
    [InlineData(4063, 2)]
    [InlineData(100, 10_000)]
    [InlineData((4L << 30) - 5, 1 << 20)]
    [InlineData(TwoToThe31Extents - 5, 1 << 20)]
    [InlineData(NativeSizeRule.MaxUpperSize - 9000, 9000)]
    public void SlicesCoverARequestOnceInOrder(long upperOffset, int length)
    {
        long at = upperOffset;
        int done = 0;
        foreach (ExtentSlice slice in ExtentLayout.Slice(upperOffset, length))
        {
            Assert.Equal(done, slice.RequestOffset);
            Assert.Equal(at, ExtentLayout.UpperStart(slice.Index) + slice.Skip);
            Assert.InRange(slice.Length, 1, ExtentLayout.ExtentSize - slice.Skip);
            Assert.Equal(slice is { Skip: 0, Length: ExtentLayout.ExtentSize }, slice.IsWhole);
            at += slice.Length;
            done += slice.Length;
        }

        Assert.Equal(length, done);
    }

    [Fact]
    public void AnEmptyRequestHasNoSlice()
    {
        foreach (ExtentSlice slice in ExtentLayout.Slice(5000, 0))
        {
            Assert.Fail($"{slice}");
        }
    }

    [Fact]
    public void SlicingAllocatesNothing()
    {
        long sum = 0;
        Assert.Equal(0, Allocations.Of(() => sum = SumOfSlices()));
        Assert.Equal(1L << 20, sum);

        static long SumOfSlices()
        {
            long sum = 0;
            foreach (ExtentSlice slice in ExtentLayout.Slice(17, 1 << 20))
            {
                sum += slice.Length;
            }

            return sum;
        }
    }
}
