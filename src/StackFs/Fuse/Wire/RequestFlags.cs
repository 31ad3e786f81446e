namespace StackFs.Fuse;

/// <summary><c>FATTR_*</c>: which fields of <see cref="FuseSetAttrIn"/> count.</summary>
[Flags]
internal enum SetAttrValid : uint
{
    None = 0,
    Mode = 1 << 0,
    Uid = 1 << 1,
    Gid = 1 << 2,
    Size = 1 << 3,
    Atime = 1 << 4,
    Mtime = 1 << 5,
    FileHandle = 1 << 6,
    AtimeNow = 1 << 7,
    MtimeNow = 1 << 8,
    LockOwner = 1 << 9,

    /// <summary>Sent under writeback, where the kernel keeps the times.</summary>
    Ctime = 1 << 10,

    /// <summary>Clear set-user-ID and set-group-ID; sent with <see cref="InitFlags.HandleKillPrivV2"/>.</summary>
    KillSuidGid = 1 << 11,
}

/// <summary><c>FUSE_GETATTR_*</c>.</summary>
[Flags]
internal enum GetAttrFlags : uint
{
    None = 0,
    FileHandle = 1 << 0,
}

/// <summary><c>FUSE_OPEN_*</c>: what OPEN and CREATE ask besides <c>O_*</c>.</summary>
[Flags]
internal enum OpenRequestFlags : uint
{
    None = 0,

    /// <summary>Clear set-user-ID and set-group-ID when truncating.</summary>
    KillSuidGid = 1 << 0,
}

/// <summary><c>FOPEN_*</c>: how the kernel is to treat this open file.</summary>
[Flags]
internal enum OpenReplyFlags : uint
{
    None = 0,

    /// <summary>Bypass the page cache.</summary>
    DirectIo = 1 << 0,

    /// <summary>Keep pages cached from earlier opens.</summary>
    KeepCache = 1 << 1,
    NonSeekable = 1 << 2,

    /// <summary>Cache the directory's entries.</summary>
    CacheDir = 1 << 3,
    Stream = 1 << 4,

    /// <summary>No FLUSH at close; ignored under writeback caching.</summary>
    NoFlush = 1 << 5,
    ParallelDirectWrites = 1 << 6,
    Passthrough = 1 << 7,
}

/// <summary><c>FUSE_WRITE_*</c>.</summary>
[Flags]
internal enum WriteFlags : uint
{
    None = 0,

    /// <summary>Writeback from the page cache: the file handle is any that can write, and uid, gid and pid mean nothing.</summary>
    Cache = 1 << 0,
    LockOwner = 1 << 1,

    /// <summary>Clear set-user-ID and set-group-ID; sent with <see cref="InitFlags.HandleKillPrivV2"/>.</summary>
    KillSuidGid = 1 << 2,
}

/// <summary><c>FUSE_FSYNC_*</c>.</summary>
[Flags]
internal enum FsyncFlags : uint
{
    None = 0,

    /// <summary>fdatasync(2).</summary>
    DataOnly = 1 << 0,
}

/// <summary><c>FUSE_SETXATTR_*</c>.</summary>
[Flags]
internal enum SetXAttrFlags : uint
{
    None = 0,

    /// <summary>Clear set-group-ID, as <c>system.posix_acl_access</c> is being set by somebody outside the group.</summary>
    AclKillSgid = 1 << 0,
}
