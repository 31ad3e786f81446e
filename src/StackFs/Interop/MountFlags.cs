namespace StackFs.Interop;

/// <summary><c>MS_*</c> of mount(2), <c>linux/mount.h</c>.</summary>
[Flags]
internal enum MountFlags : uint
{
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDev = 4,
    NoExec = 8,
    Synchronous = 16,

    /// <summary>Changes the flags of a mount that is there.</summary>
    Remount = 32,
    DirSync = 128,
    NoSymFollow = 256,
    NoAtime = 1024,
    NoDirAtime = 2048,

    /// <summary>Of a mount that is there, with <see cref="Remount"/>: this one alone, not its filesystem.</summary>
    Bind = 1 << 12,

    /// <summary>All mounts below, too.</summary>
    Recursive = 1 << 14,

    /// <summary>Mounts made here are seen in no other namespace, and none made there is seen here.</summary>
    Private = 1 << 18,
    RelAtime = 1 << 21,
    StrictAtime = 1 << 24,
    LazyTime = 1 << 25,
}

/// <summary><c>MNT_*</c> and <c>UMOUNT_*</c> of umount2(2).</summary>
[Flags]
internal enum UnmountFlags
{
    None = 0,

    /// <summary>Aborts the FUSE connection first: every request in flight or to come fails.</summary>
    Force = 1,

    /// <summary>Takes the mount out of the tree now and ends it when its last user is gone.</summary>
    Detach = 2,

    /// <summary>Does not follow a symbolic link.</summary>
    NoFollow = 8,
}
