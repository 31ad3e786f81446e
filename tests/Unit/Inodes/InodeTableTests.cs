using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Tests.Unit.Inodes;

public sealed class InodeTableTests : IDisposable
{
    private readonly LowerFixture _lower = new();

    private InodeTable Table => _lower.Table;

    public void Dispose() => _lower.Dispose();

    [Fact]
    public void The_root_is_node_one_and_is_never_forgotten()
    {
        Assert.Equal(NodeId.Root, Table.Root.Id);
        Table.Forget(NodeId.Root, 5);
        Assert.Same(Table.Root, Table.Find(NodeId.Root));
    }

    [Fact]
    public void An_inode_stays_until_its_last_lookup_is_given_back()
    {
        File.WriteAllText(Path.Combine(_lower.Path, "f"), "");
        Inode inode = _lower.Lookup(Table.Root, "f");
        Assert.Same(inode, _lower.Lookup(Table.Root, "f"));
        Table.Forget(inode.Id, 1);
        Assert.Same(inode, Table.Find(inode.Id));
        Table.Forget(inode.Id, 1);

        Assert.Null(Table.Find(inode.Id));
        Assert.Null(Table.FindByName(Table.Root, "f"u8));
        Assert.Equal(1, Table.Count);
        Inode again = _lower.Lookup(Table.Root, "f");
        Assert.NotEqual(inode.Id, again.Id);
    }

    [Fact]
    public void Hard_links_are_one_inode_with_several_names()
    {
        File.WriteAllText(Path.Combine(_lower.Path, "a"), "");
        Assert.Equal(Errno.None, Libc.Link(_lower.Tree.Root, "a"u8, _lower.Tree.Root, "b"u8));
        Inode a = _lower.Lookup(Table.Root, "a");
        Assert.Same(a, _lower.Lookup(Table.Root, "b"));

        Table.RemoveName(Table.Root, "b"u8);
        Assert.True(InodeTable.TryGetLocation(a, out _, out byte[]? name));
        Assert.Equal("a"u8.ToArray(), name);
        Table.RemoveName(Table.Root, "a"u8);
        Assert.False(InodeTable.TryGetLocation(a, out _, out _));
        Assert.Same(a, Table.Find(a.Id));
    }

    [Fact]
    public void A_name_belongs_to_the_file_last_seen_there()
    {
        File.WriteAllText(Path.Combine(_lower.Path, "old"), "");
        File.WriteAllText(Path.Combine(_lower.Path, "new"), "");
        Inode old = _lower.Lookup(Table.Root, "old");
        File.Move(Path.Combine(_lower.Path, "new"), Path.Combine(_lower.Path, "old"), overwrite: true);

        Inode replacement = _lower.Lookup(Table.Root, "old");

        Assert.NotSame(old, replacement);
        Assert.Same(replacement, Table.FindByName(Table.Root, "old"u8));
        Assert.False(InodeTable.TryGetLocation(old, out _, out _));
    }

    [Fact]
    public void Another_type_under_the_same_number_is_another_inode()
    {
        LowerId id = new(1, 99);
        Inode file = Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8);
        Inode directory = Table.Remember(id, ModeBits.Directory, Table.Root, "x"u8);
        Assert.NotSame(file, directory);
        Assert.Same(directory, Table.FindByName(Table.Root, "x"u8));
        Table.Forget(file.Id, 1);
        Assert.Same(directory, Table.Remember(id, ModeBits.Directory, Table.Root, "x"u8));
    }

    [Fact]
    public void A_retired_inode_gives_way_to_one_whose_content_tells_its_size()
    {
        LowerId id = new(1, 99);
        Inode old = Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8);
        Assert.False(old.MustOpenForSize);
        Table.Retire(old);

        Inode successor = Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8);
        Assert.NotEqual(old.Id, successor.Id);
        Assert.True(successor.MustOpenForSize);
        Assert.Same(old, Table.Find(old.Id));
        Table.Forget(old.Id, 1);
        Assert.Same(successor, Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8));
        Table.Forget(successor.Id, 2);

        Assert.Equal(1, Table.Count);
        Inode again = Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8);
        Assert.True(again.MustOpenForSize);
        Table.Forget(again.Id, 1);
        Table.TrustSize(id);
        Assert.False(Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8).MustOpenForSize);
    }

    [Fact]
    public void A_directory_stays_while_a_child_is_found_through_it()
    {
        Inode directory = _lower.MakeDirectory(Table.Root, "d");
        File.WriteAllText(Path.Combine(_lower.Path, "d", "f"), "");
        Inode file = _lower.Lookup(directory, "f");
        Table.Forget(directory.Id, 1);

        Assert.Same(directory, Table.Find(directory.Id));
        Assert.Equal(Errno.None, _lower.Tree.Locate(file, out LowerAddress address));
        address.Dispose();
        Assert.Same(directory, _lower.Lookup(Table.Root, "d"));
        Table.Forget(directory.Id, 1);
        Table.Forget(file.Id, 1);

        Assert.Equal(1, Table.Count);
        Assert.Equal(0, _lower.OpenDirectories);
    }

    [Fact]
    public void Many_names_are_found_and_forgotten()
    {
        List<Inode> inodes = [];
        for (ulong i = 0; i < 5000; i++)
        {
            inodes.Add(Table.Remember(
                new LowerId(7, i), ModeBits.Regular, Table.Root, System.Text.Encoding.UTF8.GetBytes($"n{i}")));
        }

        for (int i = 0; i < inodes.Count; i++)
        {
            Assert.Same(inodes[i], Table.FindByName(Table.Root, System.Text.Encoding.UTF8.GetBytes($"n{i}")));
            Table.Forget(inodes[i].Id, 1);
        }

        Assert.Equal(1, Table.Count);
        Assert.Null(Table.FindByName(Table.Root, "n0"u8));
    }

    [Fact]
    public async Task Lookups_and_forgets_of_many_threads_balance()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < 20_000; i++)
            {
                ulong number = (ulong)random.Next(50);
                byte[] name = System.Text.Encoding.UTF8.GetBytes($"n{number}");
                Inode inode = Table.Remember(new LowerId(7, number), ModeBits.Regular, Table.Root, name);
                Assert.Same(inode, Table.Find(inode.Id));
                Table.Forget(inode.Id, 1);
            }
        })));
        Assert.Equal(1, Table.Count);
    }

    [Fact]
    public void An_inode_costs_no_more_than_a_few_hundred_bytes()
    {
        const int count = 20_000;
        byte[] name = new byte[37];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < count; i++)
        {
            _ = BitConverter.TryWriteBytes(name, i);
            _ = Table.Remember(new LowerId(7, (ulong)i), ModeBits.Regular, Table.Root, name);
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / count;
        Assert.True(each < 350, $"{each} bytes an inode");
    }

    [Fact]
    public void The_name_seen_last_is_tried_first()
    {
        LowerId id = new(1, 99);
        Inode inode = Table.Remember(id, ModeBits.Regular, Table.Root, "a"u8);
        Assert.Same(inode, Table.Remember(id, ModeBits.Regular, Table.Root, "b"u8));
        AssertFirstName("b", inode);
        _ = Table.Remember(id, ModeBits.Regular, Table.Root, "a"u8);
        AssertFirstName("a", inode);
    }

    [Fact]
    public void A_name_that_misled_is_tried_last_and_not_forgotten()
    {
        LowerId id = new(1, 99);
        Inode inode = Table.Remember(id, ModeBits.Regular, Table.Root, "a"u8);
        _ = Table.Remember(id, ModeBits.Regular, Table.Root, "b"u8);
        InodeTable.Distrust(inode, "b"u8);
        AssertFirstName("a", inode);
        InodeTable.Distrust(inode, "b"u8);
        AssertFirstName("a", inode);
        Table.RemoveName(Table.Root, "a"u8);
        AssertFirstName("b", inode);
        InodeTable.Distrust(inode, "b"u8);
        AssertFirstName("b", inode);
    }

    [Fact]
    public void A_number_given_to_another_file_is_another_inode()
    {
        LowerId id = new(1, 99);
        Inode gone = Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8, birth: 1);
        Inode made = Table.Remember(id, ModeBits.Regular, Table.Root, "y"u8, birth: 2);
        Assert.NotSame(gone, made);
        Assert.Same(made, Table.Remember(id, ModeBits.Regular, Table.Root, "z"u8, birth: 2));
        Assert.Same(gone, Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8, birth: 1));
    }

    [Fact]
    public void A_number_that_a_descriptor_keeps_is_the_same_file_whatever_its_birth()
    {
        LowerId id = new(1, 99);
        Inode open = Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8, birth: 1);
        open.Content = new object();
        Assert.Same(open, Table.Remember(id, ModeBits.Regular, Table.Root, "x"u8, birth: 2));
    }

    [Fact]
    public void Inodes_of_one_number_stay_apart_when_the_index_grows()
    {
        Inode gone = Table.Remember(new LowerId(7, 1), ModeBits.Regular, Table.Root, "x"u8);
        Inode made = Table.Remember(new LowerId(7, 1), ModeBits.Directory, Table.Root, "x"u8);
        for (ulong i = 2; i < 3000; i++)
        {
            _ = Table.Remember(
                new LowerId(7, i), ModeBits.Regular, Table.Root, System.Text.Encoding.UTF8.GetBytes($"n{i}"));
        }

        Assert.Same(made, Table.Remember(new LowerId(7, 1), ModeBits.Directory, Table.Root, "x"u8));
        Assert.NotSame(gone, made);
    }

    [Fact]
    public async Task A_name_seen_by_two_threads_at_once_is_one_location()
    {
        LowerId id = new(7, 99);
        using Barrier barrier = new(2);
        for (int round = 0; round < 3000; round++)
        {
            Inode inode = Table.Remember(id, ModeBits.Regular, Table.Root, "kept"u8);
            Table.RemoveName(Table.Root, "kept"u8);
            await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                barrier.SignalAndWait();
                Table.AddName(inode, Table.Root, "n"u8);
            })));
            Table.RemoveName(Table.Root, "n"u8);
            Assert.False(InodeTable.TryGetLocation(inode, out Inode? _, out byte[]? _));
            Table.Forget(inode.Id, 1);
        }

        Assert.Equal(1, Table.Count);
    }

    private static void AssertFirstName(string expected, Inode inode)
    {
        Assert.True(InodeTable.TryGetLocation(inode, out _, out byte[]? name));
        Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(name!));
    }
}
