using StackFs.Content;
using StackFs.Tests.Common;
using Xunit;

namespace StackFs.Tests.Unit.Content;

public class ExtentRangeLockTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Briefly = TimeSpan.FromMilliseconds(60);

    [Fact]
    public void ReadersShareAndDisjointWritersDoNotWait()
    {
        ExtentRangeLock ranges = new();
        using ExtentRangeLock.Claim one = ranges.Share(0, 10);
        using ExtentRangeLock.Claim two = ranges.Share(5, 20);
        using ExtentRangeLock.Claim three = ranges.Exclude(21, 30);
        using ExtentRangeLock.Claim four = ranges.Exclude(31, ExtentRangeLock.End);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void ConflictingClaimsWait(bool firstWrites, bool secondWrites)
    {
        ExtentRangeLock ranges = new();
        using ManualResetEventSlim entered = new();
        ExtentRangeLock.Claim held = Enter(ranges, 3, 7, firstWrites);
        Thread other = new(() =>
        {
            using ExtentRangeLock.Claim claim = Enter(ranges, 7, 9, secondWrites);
            entered.Set();
        });
        other.Start();
        Assert.False(entered.Wait(Briefly));
        held.Dispose();
        Assert.True(entered.Wait(Soon));
        Assert.True(other.Join(Soon));
    }

    [Fact]
    public void AReaderDoesNotOvertakeAWaitingWriter()
    {
        ExtentRangeLock ranges = new();
        List<string> order = [];
        ExtentRangeLock.Claim held = ranges.Share(0, 0);
        Thread writer = new(() =>
        {
            using ExtentRangeLock.Claim claim = ranges.Exclude(0, 0);
            lock (order)
            {
                order.Add("writer");
            }
        });
        writer.Start();
        WaitUntilBlocked(writer);
        Thread reader = new(() =>
        {
            using ExtentRangeLock.Claim claim = ranges.Share(0, 0);
            lock (order)
            {
                order.Add("reader");
            }
        });
        reader.Start();
        WaitUntilBlocked(reader);
        held.Dispose();
        Assert.True(writer.Join(Soon) && reader.Join(Soon));
        Assert.Equal(["writer", "reader"], order);
    }

    [Fact]
    public void AnExtentHasOneWriterAmongManyThreads()
    {
        ExtentRangeLock ranges = new();
        int[] cells = new int[16];
        int overlaps = 0;
        Thread[] threads = [.. Enumerable.Range(0, 12).Select(seed => new Thread(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < 2000; i++)
            {
                int first = random.Next(cells.Length);
                int last = random.Next(first, cells.Length);
                using ExtentRangeLock.Claim claim = ranges.Exclude(first, last);
                for (int cell = first; cell <= last; cell++)
                {
                    if (Interlocked.Increment(ref cells[cell]) != 1)
                    {
                        _ = Interlocked.Increment(ref overlaps);
                    }
                }

                for (int cell = first; cell <= last; cell++)
                {
                    _ = Interlocked.Decrement(ref cells[cell]);
                }
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Assert.All(threads, t => Assert.True(t.Join(Soon)));
        Assert.Equal(0, overlaps);
    }

    [Fact]
    public void ClaimingAllocatesNothing()
    {
        ExtentRangeLock ranges = new();
        Assert.Equal(0, Allocations.Of(() => Claim(ranges)));

        static void Claim(ExtentRangeLock ranges)
        {
            for (int i = 0; i < 100; i++)
            {
                using ExtentRangeLock.Claim shared = ranges.Share(0, 4);
                using ExtentRangeLock.Claim excluded = ranges.Exclude(5, 9);
            }
        }
    }

    private static ExtentRangeLock.Claim Enter(ExtentRangeLock ranges, long first, long last, bool write) =>
        write ? ranges.Exclude(first, last) : ranges.Share(first, last);

    private static void WaitUntilBlocked(Thread thread) =>
        Assert.True(SpinWait.SpinUntil(() => (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, Soon));
}
