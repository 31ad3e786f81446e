using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Tests.Unit.Inodes;

public class LowerTreeTests
{
    [Fact]
    public void Directories_closed_meanwhile_are_reopened_through_their_parents()
    {
        using LowerFixture lower = new(capacity: 2);
        List<Inode> chain = [lower.Table.Root];
        for (int depth = 0; depth < 40; depth++)
        {
            chain.Add(lower.MakeDirectory(chain[^1], $"a-directory-with-a-long-name-{depth}"));
        }

        foreach (Inode directory in chain.AsEnumerable().Reverse())
        {
            AssertOpens(lower, directory);
        }

        Assert.True(lower.OpenDirectories <= 2);
    }

    [Fact]
    public void A_renamed_parent_does_not_lose_its_children()
    {
        using LowerFixture lower = new(capacity: 1);
        Inode top = lower.MakeDirectory(lower.Table.Root, "top");
        Inode child = lower.MakeDirectory(top, "child");
        Inode other = lower.MakeDirectory(lower.Table.Root, "other");
        AssertOpens(lower, other);
        Directory.Move(Path.Combine(lower.Path, "top"), Path.Combine(lower.Path, "renamed"));
        lower.Table.RemoveName(lower.Table.Root, "top"u8);
        lower.Table.AddName(top, lower.Table.Root, "renamed"u8);

        AssertOpens(lower, child);
    }

    [Fact]
    public void What_is_not_there_any_more_is_stale()
    {
        using LowerFixture lower = new(capacity: 1);
        Inode gone = lower.MakeDirectory(lower.Table.Root, "gone");
        AssertOpens(lower, lower.MakeDirectory(lower.Table.Root, "other"));
        Directory.Delete(Path.Combine(lower.Path, "gone"));
        Assert.Equal(Errno.ESTALE, lower.Tree.OpenDirectory(gone, out _));
    }

    [Fact]
    public void Another_directory_under_the_same_name_is_stale()
    {
        using LowerFixture lower = new(capacity: 1);
        Inode first = lower.MakeDirectory(lower.Table.Root, "d");
        AssertOpens(lower, lower.MakeDirectory(lower.Table.Root, "other"));
        Directory.Move(Path.Combine(lower.Path, "d"), Path.Combine(lower.Path, "moved-away"));
        Directory.CreateDirectory(Path.Combine(lower.Path, "d"));
        Assert.Equal(Errno.ESTALE, lower.Tree.OpenDirectory(first, out _));
    }

    [Fact]
    public void A_symbolic_link_put_in_a_directorys_place_leads_nowhere()
    {
        using LowerFixture lower = new(capacity: 1);
        Inode first = lower.MakeDirectory(lower.Table.Root, "d");
        AssertOpens(lower, lower.MakeDirectory(lower.Table.Root, "other"));
        Directory.Delete(Path.Combine(lower.Path, "d"));
        File.CreateSymbolicLink(Path.Combine(lower.Path, "d"), "/etc");
        Assert.Equal(Errno.ESTALE, lower.Tree.OpenDirectory(first, out _));
    }

    [Fact]
    public void A_file_without_a_name_is_reached_through_what_was_kept_of_it()
    {
        using LowerFixture lower = new();
        File.WriteAllText(Path.Combine(lower.Path, "f"), "12345");
        Inode file = lower.Lookup(lower.Table.Root, "f");
        Assert.Equal(Errno.None, Libc.OpenBeneath(lower.Tree.Root, "f"u8, OpenFlags.Path, 0, out SafeFd? kept));
        File.Delete(Path.Combine(lower.Path, "f"));
        file.Retained = kept;
        lower.Table.RemoveName(lower.Table.Root, "f"u8);

        Assert.Equal(Errno.None, lower.Tree.Locate(file, out LowerAddress address));
        using (address)
        {
            Assert.True(address.IsSelf);
            Assert.Equal(Errno.None, Libc.Statx(address.Directory, address.Name, out StatxBuffer status));
            Assert.Equal(5UL, status.Size);
            Assert.Equal(0u, status.LinkCount);
        }

        lower.Table.Forget(file.Id, 1);
        Assert.True(kept!.IsClosed);
    }

    [Fact]
    public void A_file_is_no_directory()
    {
        using LowerFixture lower = new();
        File.WriteAllText(Path.Combine(lower.Path, "f"), "");
        Assert.Equal(Errno.ENOTDIR, lower.Tree.OpenDirectory(lower.Lookup(lower.Table.Root, "f"), out _));
    }

    [Fact]
    public void Directories_that_are_in_each_other_by_stale_names_are_stale()
    {
        using LowerFixture lower = new(capacity: 1);
        Inode x = lower.MakeDirectory(lower.Table.Root, "x");
        Inode y = lower.MakeDirectory(lower.Table.Root, "y");
        AssertOpens(lower, lower.MakeDirectory(lower.Table.Root, "other"));
        lower.Table.AddName(x, y, "x"u8);
        lower.Table.AddName(y, x, "y"u8);

        Assert.Equal(Errno.ESTALE, lower.Tree.OpenDirectory(x, out _));
    }

    private static void AssertOpens(LowerFixture lower, Inode directory)
    {
        Assert.Equal(Errno.None, lower.Tree.OpenDirectory(directory, out LowerAddress address));
        using (address)
        {
            Assert.Equal(Errno.None, Libc.Statx(address.Directory, default, out StatxBuffer status));
            Assert.Equal(directory.Lower, LowerId.Of(in status));
        }
    }
}
