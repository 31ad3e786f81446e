using StackFs.Fuse;

namespace StackFs.Tests.FuseHost;

/// <summary>One inode in memory. All access holds <see cref="MemoryFilesystem"/>'s lock.</summary>
internal sealed class Node
{
    public required NodeId Id { get; init; }

    /// <summary>Type and permissions.</summary>
    public required uint Mode { get; set; }

    public uint Uid { get; set; }

    public uint Gid { get; set; }

    public long Mtime { get; set; }

    public uint MtimeNsec { get; set; }

    /// <summary>Entries of a directory; null for a file.</summary>
    public SortedDictionary<string, Node>? Children { get; init; }

    /// <summary>Content of a file.</summary>
    public byte[] Data { get; private set; } = [];

    public int Size { get; private set; }

    /// <summary>What the kernel believes to hold; checked when it gives it back.</summary>
    public long LookupCount { get; set; }

    public void Resize(int size)
    {
        if (size > Data.Length)
        {
            byte[] grown = new byte[Math.Max(size, Data.Length * 2)];
            Data.AsSpan(0, Size).CopyTo(grown);
            Data = grown;
        }

        if (size < Size)
        {
            Data.AsSpan(size, Size - size).Clear();
        }

        Size = size;
    }

    public FuseAttr Attributes => new()
    {
        Ino = Id.Value,
        Size = (ulong)Size,
        Blocks = (ulong)((Size + 511) / 512),
        Mtime = Mtime,
        MtimeNsec = MtimeNsec,
        Ctime = Mtime,
        CtimeNsec = MtimeNsec,
        Atime = Mtime,
        AtimeNsec = MtimeNsec,
        Mode = Mode,
        Nlink = Children is null ? 1u : 2u,
        Uid = Uid,
        Gid = Gid,
        Blksize = 4096,
    };
}
