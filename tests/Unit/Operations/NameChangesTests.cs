using StackFs.Operations;

namespace StackFs.Tests.Unit.Operations;

public sealed class NameChangesTests
{
    [Fact]
    public void Settling_waits_for_a_change_under_way()
    {
        NameChanges changes = new();
        NameChanges.Mark mark = changes.AddWorker();
        Thread settling = new(() => changes.Settle());
        using (mark.Begin())
        {
            settling.Start();
            Assert.False(settling.Join(TimeSpan.FromMilliseconds(100)));
        }

        Assert.True(settling.Join(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void The_number_tells_whether_a_change_has_begun_since()
    {
        NameChanges changes = new();
        NameChanges.Mark mark = changes.AddWorker();
        long before = changes.Settle();
        Assert.Equal(before, changes.Settle());

        mark.Begin().Dispose();

        Assert.NotEqual(before, changes.Settle());
    }

    [Fact]
    public void A_worker_that_ended_takes_no_number_back()
    {
        NameChanges changes = new();
        NameChanges.Mark mark = changes.AddWorker();
        mark.Begin().Dispose();
        long before = changes.Settle();

        changes.RemoveWorker(mark);

        Assert.Equal(before, changes.Settle());
    }
}
