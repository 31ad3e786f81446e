using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary><c>struct fuse_forget_in</c>: FORGET of the header's inode.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseForgetIn
{
    /// <summary>Lookup counts given back.</summary>
    public ulong NLookup;
}

/// <summary><c>struct fuse_forget_one</c>: one of BATCH_FORGET's records.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseForgetOne
{
    public NodeId NodeId;

    /// <summary>Lookup counts given back.</summary>
    public ulong NLookup;
}

/// <summary><c>struct fuse_batch_forget_in</c>; <see cref="FuseForgetOne"/> records follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseBatchForgetIn
{
    public uint Count;
    public uint Padding;
}

/// <summary><c>struct fuse_mknod_in</c>; the name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseMkNodIn
{
    public uint Mode;

    /// <summary>Device number in the kernel's 32-bit encoding (<c>new_encode_dev</c>).</summary>
    public uint Rdev;
    public uint Umask;
    public uint Padding;
}

/// <summary><c>struct fuse_mkdir_in</c>; the name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseMkDirIn
{
    public uint Mode;
    public uint Umask;
}

/// <summary><c>struct fuse_rename_in</c>; old and new name follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseRenameIn
{
    public NodeId NewDir;
}

/// <summary><c>struct fuse_rename2_in</c>; old and new name follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseRename2In
{
    public NodeId NewDir;

    /// <summary><c>RENAME_*</c> of renameat2(2).</summary>
    public uint Flags;
    public uint Padding;
}

/// <summary><c>struct fuse_link_in</c>; the new name follows, in the directory of the header's inode.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseLinkIn
{
    public NodeId OldNodeId;
}

/// <summary><c>struct fuse_setxattr_in</c> as of <see cref="InitFlags.SetXAttrExt"/>; name and value follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseSetXAttrIn
{
    /// <summary>Bytes of the value.</summary>
    public uint Size;

    /// <summary><c>XATTR_CREATE</c>, <c>XATTR_REPLACE</c>.</summary>
    public uint Flags;
    public SetXAttrFlags SetXAttrFlags;
    public uint Padding;
}

/// <summary><c>struct fuse_getxattr_in</c>: GETXATTR (a name follows) and LISTXATTR.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseGetXAttrIn
{
    /// <summary>Bytes the caller has room for; zero asks for the size, answered by <see cref="FuseGetXAttrOut"/>.</summary>
    public uint Size;
    public uint Padding;
}

/// <summary><c>struct fuse_getxattr_out</c>: the size, when that was asked.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseGetXAttrOut
{
    public uint Size;
    public uint Padding;
}

/// <summary><c>struct fuse_access_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAccessIn
{
    /// <summary><c>R_OK</c>, <c>W_OK</c>, <c>X_OK</c>.</summary>
    public uint Mask;
    public uint Padding;
}

/// <summary><c>struct fuse_getattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseGetAttrIn
{
    public GetAttrFlags GetAttrFlags;
    public uint Padding;

    /// <summary>Valid with <see cref="GetAttrFlags.FileHandle"/>.</summary>
    public FileHandleId FileHandle;
}

/// <summary><c>struct fuse_statx_in</c> [7.39].</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatXIn
{
    public GetAttrFlags GetAttrFlags;
    public uint Reserved;

    /// <summary>Valid with <see cref="GetAttrFlags.FileHandle"/>.</summary>
    public FileHandleId FileHandle;

    /// <summary><c>AT_STATX_*</c>.</summary>
    public uint StatXFlags;

    /// <summary><c>STATX_*</c> asked for.</summary>
    public uint StatXMask;
}

/// <summary><c>struct fuse_setattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseSetAttrIn
{
    /// <summary>Which of the fields to set.</summary>
    public SetAttrValid Valid;
    public uint Padding;
    public FileHandleId FileHandle;

    /// <summary>Bytes, of the upper file.</summary>
    public ulong Size;
    public ulong LockOwner;
    public long Atime;
    public long Mtime;
    public long Ctime;
    public uint AtimeNsec;
    public uint MtimeNsec;
    public uint CtimeNsec;
    public uint Mode;
    public uint Unused4;
    public uint Uid;
    public uint Gid;
    public uint Unused5;
}
