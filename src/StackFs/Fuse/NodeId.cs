namespace StackFs.Fuse;

/// <summary>
/// Our name for an inode in this session: what <c>nodeid</c> carries in every request and reply. Given out by the
/// filesystem, never reused, and unrelated to the inode number of the lower file.
/// </summary>
internal readonly record struct NodeId(ulong Value)
{
    /// <summary>No inode: in a LOOKUP reply a negative entry, in a READDIRPLUS record an entry that takes no lookup count.</summary>
    public static NodeId None => default;

    /// <summary>The root of the mount, <c>FUSE_ROOT_ID</c>. The kernel knows it without a LOOKUP.</summary>
    public static NodeId Root => new(1);
}
