using StackFs.Content;
using Xunit;

namespace StackFs.Tests.Unit.Content;

public class ExtentRangeSetTests
{
    [Fact]
    public void HoldsWhatWasAddedAndNotRemoved()
    {
        ExtentRangeSet set = new();
        set.Add(0, 5);
        set.Remove(1, 2);
        Assert.True(set.Contains(0));
        Assert.False(set.Contains(1));
        Assert.False(set.Contains(2));
        Assert.True(set.Contains(3));
        Assert.Equal(2, set.RangeCount);
    }

    [Fact]
    public void RangesThatTouchAreOne()
    {
        ExtentRangeSet set = new();
        set.Add(0, 1);
        set.Add(4, 5);
        set.Add(2, 3);
        Assert.Equal(1, set.RangeCount);
        set.Remove(0, ExtentRangeLock.End);
        Assert.True(set.IsEmpty);
    }

    [Fact]
    public void NoRangeChangesNothing()
    {
        ExtentRangeSet set = new();
        set.Add(3, 2);
        Assert.True(set.IsEmpty);
        set.Add(3, 4);
        set.Remove(5, 4);
        Assert.True(set.Contains(3) && set.Contains(4));
    }

    [Fact]
    public void AgreesWithAPlainSetUnderRandomChanges()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            ExtentRangeSet set = new();
            HashSet<long> plain = [];
            for (int step = 0; step < 60; step++)
            {
                long first = random.Next(40);
                long last = first + random.Next(-1, 12);
                bool add = random.Next(2) == 0;
                if (add)
                {
                    set.Add(first, last);
                }
                else
                {
                    set.Remove(first, last);
                }

                for (long i = first; i <= last; i++)
                {
                    _ = add ? plain.Add(i) : plain.Remove(i);
                }

                for (long i = 0; i < 60; i++)
                {
                    Assert.True(plain.Contains(i) == set.Contains(i), $"seed {seed}, step {step}, extent {i}");
                }

                int ranges = plain.Count(i => !plain.Contains(i - 1));
                Assert.True(ranges == set.RangeCount, $"seed {seed}, step {step}: {set.RangeCount} ranges, not {ranges}");
            }
        }
    }
}
