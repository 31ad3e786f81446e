using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary><c>struct fuse_open_in</c>: OPEN and OPENDIR.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpenIn
{
    /// <summary>The caller's <c>O_*</c>, in this architecture's values.</summary>
    public uint Flags;
    public OpenRequestFlags OpenFlags;
}

/// <summary><c>struct fuse_create_in</c>: CREATE and TMPFILE; the name follows (TMPFILE's means nothing).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseCreateIn
{
    /// <summary>The caller's <c>O_*</c>, in this architecture's values.</summary>
    public uint Flags;
    public uint Mode;
    public uint Umask;
    public OpenRequestFlags OpenFlags;
}

/// <summary><c>struct fuse_open_out</c>: reply to OPEN and OPENDIR, and behind <see cref="FuseEntryOut"/> to CREATE and TMPFILE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpenOut
{
    public FileHandleId FileHandle;
    public OpenReplyFlags OpenFlags;

    /// <summary>Valid with <see cref="OpenReplyFlags.Passthrough"/>.</summary>
    public int BackingId;
}

/// <summary><c>struct fuse_release_in</c>: RELEASE and RELEASEDIR.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseReleaseIn
{
    public FileHandleId FileHandle;
    public uint Flags;
    public uint ReleaseFlags;
    public ulong LockOwner;
}

/// <summary><c>struct fuse_flush_in</c>: a descriptor was closed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFlushIn
{
    public FileHandleId FileHandle;
    public uint Unused;
    public uint Padding;
    public ulong LockOwner;
}

/// <summary><c>struct fuse_read_in</c>: READ, READDIR and READDIRPLUS.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseReadIn
{
    public FileHandleId FileHandle;

    /// <summary>READ: upper offset in bytes. READDIR: the cookie of the last record seen, zero at the start.</summary>
    public ulong Offset;

    /// <summary>Bytes the reply may have at most.</summary>
    public uint Size;
    public uint ReadFlags;
    public ulong LockOwner;

    /// <summary>The open file's <c>O_*</c>.</summary>
    public uint Flags;
    public uint Padding;
}

/// <summary><c>struct fuse_write_in</c>; the data follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseWriteIn
{
    public FileHandleId FileHandle;

    /// <summary>Upper offset in bytes.</summary>
    public ulong Offset;

    /// <summary>Bytes of data.</summary>
    public uint Size;
    public WriteFlags WriteFlags;
    public ulong LockOwner;

    /// <summary>The open file's <c>O_*</c>.</summary>
    public uint Flags;
    public uint Padding;
}

/// <summary><c>struct fuse_write_out</c>: reply to WRITE and COPY_FILE_RANGE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseWriteOut
{
    /// <summary>Bytes written.</summary>
    public uint Size;
    public uint Padding;
}

/// <summary><c>struct fuse_fsync_in</c>: FSYNC and FSYNCDIR.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFsyncIn
{
    public FileHandleId FileHandle;
    public FsyncFlags FsyncFlags;
    public uint Padding;
}

/// <summary><c>struct fuse_file_lock</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFileLock
{
    public ulong Start;

    /// <summary>Inclusive.</summary>
    public ulong End;
    public uint Type;
    public uint Pid;
}

/// <summary><c>struct fuse_lk_in</c>: GETLK, SETLK, SETLKW.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseLkIn
{
    public FileHandleId FileHandle;
    public ulong Owner;
    public FuseFileLock Lock;
    public uint LkFlags;
    public uint Padding;
}

/// <summary><c>struct fuse_interrupt_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInterruptIn
{
    /// <summary>The request whose caller got a signal.</summary>
    public ulong Unique;
}

/// <summary><c>struct fuse_ioctl_in</c>; <see cref="InSize"/> bytes follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseIoctlIn
{
    public FileHandleId FileHandle;
    public uint Flags;
    public uint Command;
    public ulong Argument;
    public uint InSize;
    public uint OutSize;
}

/// <summary><c>struct fuse_ioctl_out</c>; data for the caller follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseIoctlOut
{
    public int Result;
    public uint Flags;
    public uint InIovs;
    public uint OutIovs;
}

/// <summary><c>struct fuse_fallocate_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFAllocateIn
{
    public FileHandleId FileHandle;

    /// <summary>Upper offset in bytes.</summary>
    public ulong Offset;
    public ulong Length;

    /// <summary><c>FALLOC_FL_*</c>.</summary>
    public uint Mode;
    public uint Padding;
}

/// <summary><c>struct fuse_lseek_in</c>: sent for SEEK_DATA and SEEK_HOLE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseLSeekIn
{
    public FileHandleId FileHandle;

    /// <summary>Upper offset in bytes.</summary>
    public ulong Offset;
    public uint Whence;
    public uint Padding;
}

/// <summary><c>struct fuse_lseek_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseLSeekOut
{
    /// <summary>Upper offset in bytes.</summary>
    public ulong Offset;
}

/// <summary><c>struct fuse_copy_file_range_in</c>: the header's inode is the source.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseCopyFileRangeIn
{
    public FileHandleId FileHandleIn;

    /// <summary>Upper offset in bytes.</summary>
    public ulong OffsetIn;
    public NodeId NodeIdOut;
    public FileHandleId FileHandleOut;

    /// <summary>Upper offset in bytes.</summary>
    public ulong OffsetOut;
    public ulong Length;
    public ulong Flags;
}

/// <summary><c>struct fuse_copy_file_range_out</c>: reply to COPY_FILE_RANGE_64 [7.45].</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseCopyFileRangeOut
{
    public ulong BytesCopied;
}
