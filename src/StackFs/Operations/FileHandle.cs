using StackFs.Content;
using StackFs.Inodes;

namespace StackFs.Operations;

/// <summary>An open regular file.</summary>
internal sealed class FileHandle : Handle
{
    /// <summary>Creates a handle that has one use of <paramref name="content"/>, given back on RELEASE.</summary>
    internal FileHandle(Inode inode, OpenContent content, uint flags)
        : base(inode)
    {
        Content = content;
        Flags = flags;
        if (IsWritable)
        {
            content.AddWriter();
        }
    }

    /// <summary>What all handles of the file share.</summary>
    internal OpenContent Content { get; }

    /// <summary>The content to read and write.</summary>
    internal OpenFile File => Content.File;

    /// <summary>The O_* flags it was opened with.</summary>
    internal uint Flags { get; }

    /// <summary>True when it was opened for writing.</summary>
    internal bool IsWritable => (Flags & Interop.OpenFlags.AccessMode) != Interop.OpenFlags.ReadOnly;
}
