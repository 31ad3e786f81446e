using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary><c>enum fuse_notify_code</c>: what we can tell the kernel unasked.</summary>
internal enum NotifyCode
{
    Poll = 1,
    InvalidateInode = 2,
    InvalidateEntry = 3,
    Store = 4,
    Retrieve = 5,
    Delete = 6,
    Resend = 7,
    IncrementEpoch = 8,
}

/// <summary>Flags of <see cref="FuseNotifyInvalEntryOut"/>.</summary>
[Flags]
internal enum InvalidateEntryFlags : uint
{
    None = 0,

    /// <summary>Do not drop the name, just look it up again before its next use; needs <see cref="InitFlags.HasExpireOnly"/>.</summary>
    ExpireOnly = 1 << 0,
}

/// <summary><c>struct fuse_notify_inval_inode_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseNotifyInvalInodeOut
{
    public NodeId NodeId;

    /// <summary>Upper offset in bytes; negative: attributes only.</summary>
    public long Offset;

    /// <summary>Bytes; zero or negative: to the end.</summary>
    public long Length;
}

/// <summary><c>struct fuse_notify_inval_entry_out</c>; name and NUL follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseNotifyInvalEntryOut
{
    public NodeId Parent;

    /// <summary>Bytes of the name without its NUL.</summary>
    public uint NameLength;
    public InvalidateEntryFlags Flags;
}

/// <summary><c>struct fuse_notify_delete_out</c>; name and NUL follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseNotifyDeleteOut
{
    public NodeId Parent;
    public NodeId Child;

    /// <summary>Bytes of the name without its NUL.</summary>
    public uint NameLength;
    public uint Padding;
}
