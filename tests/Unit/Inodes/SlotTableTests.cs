using StackFs.Inodes;

namespace StackFs.Tests.Unit.Inodes;

public class SlotTableTests
{
    [Fact]
    public void The_first_number_is_one_and_numbers_are_never_given_again()
    {
        SlotTable<Item> table = new();
        Item first = new();
        Assert.Equal(1UL, table.Add(first));
        Assert.Same(first, table.Find(1));

        HashSet<ulong> seen = [1];
        for (int i = 0; i < 100; i++)
        {
            ulong number = table.Add(new Item());
            Assert.True(seen.Add(number));
            Assert.NotNull(table.Remove(number));
            Assert.Null(table.Find(number));
            Assert.Null(table.Remove(number));
        }

        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void Numbers_nobody_gave_find_nothing()
    {
        SlotTable<Item> table = new();
        _ = table.Add(new Item());
        Assert.Null(table.Find(0));
        Assert.Null(table.Find(2));
        Assert.Null(table.Find(ulong.MaxValue));
        Assert.Null(table.Find(1UL << 28 | 1));
    }

    [Fact]
    public async Task Readers_find_what_is_there_while_others_add_and_remove()
    {
        SlotTable<Item> table = new();
        List<ulong> kept = [.. Enumerable.Range(0, 100).Select(_ => table.Add(new Item()))];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 5000; i++)
            {
                ulong number = table.Add(new Item());
                Assert.NotNull(table.Find(kept[i % kept.Count]));
                Assert.NotNull(table.Remove(number));
            }
        })));
        Assert.Equal(100, table.Snapshot().Count);
    }

    private sealed class Item : Numbered;
}
