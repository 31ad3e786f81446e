using StackFs.Fuse;
using StackFs.Inodes;

namespace StackFs.Operations;

/// <summary>One open of the kernel's: what a file handle in a request stands for.</summary>
internal abstract class Handle : Numbered
{
    /// <summary>Creates a handle; the table of handles numbers it.</summary>
    protected Handle(Inode inode) => Inode = inode;

    /// <summary>What the kernel calls it.</summary>
    internal FileHandleId Id => new(Number);

    /// <summary>What is open.</summary>
    internal Inode Inode { get; }
}
