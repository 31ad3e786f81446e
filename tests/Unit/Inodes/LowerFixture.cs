using System.Text;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Tests.Unit.Inodes;

/// <summary>An inode table over a real temporary directory.</summary>
internal sealed class LowerFixture : IDisposable
{
    private readonly DescriptorCache _descriptors;

    internal LowerFixture(int capacity = 64)
    {
        Path = Directory.CreateTempSubdirectory("stackfs-inodes-").FullName;
        Assert.Equal(Errno.None, Libc.OpenPath(
            Encoding.UTF8.GetBytes(Path), OpenFlags.Path | OpenFlags.Directory, out SafeFd? root));
        Assert.Equal(Errno.None, Libc.Statx(root!, default, out StatxBuffer status));
        _descriptors = new DescriptorCache(capacity);
        Tree = new LowerTree(root!, _descriptors);
        Table = new InodeTable(LowerId.Of(in status), status.Mode, _descriptors);
        Tree.Attach(Table.Root);
    }

    internal string Path { get; }

    internal InodeTable Table { get; }

    internal LowerTree Tree { get; }

    internal int OpenDirectories => _descriptors.Count;

    /// <summary>What LOOKUP does: one statx, one lookup counted.</summary>
    internal Inode Lookup(Inode parent, string name)
    {
        byte[] lower = Encoding.UTF8.GetBytes(name);
        Assert.Equal(Errno.None, Tree.OpenDirectory(parent, out LowerAddress directory));
        using (directory)
        {
            Assert.Equal(Errno.None, Libc.Statx(directory.Directory, lower, out StatxBuffer status));
            return Table.Remember(LowerId.Of(in status), status.Mode, parent, lower);
        }
    }

    internal Inode MakeDirectory(Inode parent, string name)
    {
        Assert.Equal(Errno.None, Tree.OpenDirectory(parent, out LowerAddress directory));
        using (directory)
        {
            Assert.Equal(Errno.None, Libc.MakeDirectory(directory.Directory, Encoding.UTF8.GetBytes(name), 0x1C0));
        }

        return Lookup(parent, name);
    }

    public void Dispose()
    {
        Table.Clear();
        _descriptors.Dispose();
        Tree.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}
