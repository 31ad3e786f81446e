using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary>
/// <c>struct fuse_attr</c>. Times are signed seconds in two's complement, as the kernel reads them.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttr
{
    /// <summary>The inode number that programs see (<c>st_ino</c>); not a <see cref="Fuse.NodeId"/>.</summary>
    public ulong Ino;

    /// <summary>Bytes, of the upper file.</summary>
    public ulong Size;

    /// <summary>Units of 512 bytes.</summary>
    public ulong Blocks;
    public long Atime;
    public long Mtime;
    public long Ctime;
    public uint AtimeNsec;
    public uint MtimeNsec;
    public uint CtimeNsec;

    /// <summary>Type and permission bits, as <c>st_mode</c>.</summary>
    public uint Mode;
    public uint Nlink;
    public uint Uid;
    public uint Gid;

    /// <summary>Device number in the kernel's 32-bit encoding (<c>new_encode_dev</c>).</summary>
    public uint Rdev;

    /// <summary>Preferred I/O size in bytes; zero: the kernel chooses.</summary>
    public uint Blksize;
    public uint Flags;
}

/// <summary><c>struct fuse_attr_out</c>: reply to GETATTR and SETATTR.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttrOut
{
    /// <summary>Seconds the kernel may keep the attributes.</summary>
    public ulong AttrValid;
    public uint AttrValidNsec;
    public uint Padding;
    public FuseAttr Attr;
}

/// <summary>
/// <c>struct fuse_entry_out</c>: reply to LOOKUP and to everything that makes a name. Each one sent with a
/// <see cref="NodeId"/> other than <see cref="NodeId.None"/> adds one to that inode's lookup count.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseEntryOut
{
    /// <summary><see cref="NodeId.None"/> in a LOOKUP reply: no such name, and that may be kept for <see cref="EntryValid"/>.</summary>
    public NodeId NodeId;
    public ulong Generation;

    /// <summary>Seconds the kernel may keep the name.</summary>
    public ulong EntryValid;

    /// <summary>Seconds the kernel may keep the attributes.</summary>
    public ulong AttrValid;
    public uint EntryValidNsec;
    public uint AttrValidNsec;
    public FuseAttr Attr;
}

/// <summary><c>struct fuse_sx_time</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatXTime
{
    public long Seconds;
    public uint Nanoseconds;
    public int Reserved;
}

/// <summary><c>struct fuse_statx</c>: <c>struct statx</c> as statx(2) gives it [7.39].</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseStatX
{
    /// <summary>Which fields are valid: <c>STATX_*</c>.</summary>
    public uint Mask;
    public uint Blksize;
    public ulong Attributes;
    public uint Nlink;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Spare0;
    public ulong Ino;
    public ulong Size;
    public ulong Blocks;
    public ulong AttributesMask;
    public FuseStatXTime Atime;
    public FuseStatXTime Btime;
    public FuseStatXTime Ctime;
    public FuseStatXTime Mtime;
    public uint RdevMajor;
    public uint RdevMinor;
    public uint DevMajor;
    public uint DevMinor;
    public fixed ulong Spare2[14];
}

/// <summary><c>struct fuse_statx_out</c>: reply to STATX [7.39].</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseStatXOut
{
    /// <summary>Seconds the kernel may keep the attributes.</summary>
    public ulong AttrValid;
    public uint AttrValidNsec;
    public uint Flags;
    public fixed ulong Spare[2];
    public FuseStatX Stat;
}

/// <summary><c>struct fuse_kstatfs</c>, which is all of <c>struct fuse_statfs_out</c>: reply to STATFS.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseStatFsOut
{
    /// <summary>Units of <see cref="Frsize"/>, as the two that follow.</summary>
    public ulong Blocks;
    public ulong Bfree;
    public ulong Bavail;
    public ulong Files;
    public ulong Ffree;
    public uint Bsize;

    /// <summary>Bytes a name may have.</summary>
    public uint Namelen;
    public uint Frsize;
    public uint Padding;
    public fixed uint Spare[6];
}
