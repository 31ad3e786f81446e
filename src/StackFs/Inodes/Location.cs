namespace StackFs.Inodes;

/// <summary>
/// One name under which an inode was seen: a lower directory and a lower name in it. A file with hard links has several;
/// an unlinked one has none.
/// </summary>
internal sealed class Location
{
    /// <summary>Creates a location; its place in the chains is the table's.</summary>
    internal Location(Inode parent, byte[] name, Inode inode)
    {
        Parent = parent;
        Name = name;
        Inode = inode;
    }

    /// <summary>The directory; kept in the table for as long as this location is.</summary>
    internal Inode Parent { get; }

    /// <summary>The lower name; never written to.</summary>
    internal byte[] Name { get; }

    /// <summary>What is there.</summary>
    internal Inode Inode { get; }

    /// <summary>Next in the chain of the name index; guarded by the index's shard.</summary>
    internal Location? NextInIndex { get; set; }

    /// <summary>Next location of the same inode; guarded by the inode.</summary>
    internal Location? NextOfInode { get; set; }

    /// <summary>True when this is <paramref name="name"/> in <paramref name="parent"/>.</summary>
    internal bool Is(Inode parent, ReadOnlySpan<byte> name) => ReferenceEquals(Parent, parent) && name.SequenceEqual(Name);
}
