using System.Runtime.InteropServices;

namespace StackFs.Interop;

/// <summary>struct statfs of a 64-bit Linux (asm-generic/statfs.h); 120 bytes, the same on x86-64 and arm64.</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct StatfsBuffer
{
    /// <summary>The filesystem's magic number (linux/magic.h); see <see cref="FilesystemMagic"/>.</summary>
    internal long Type;

    /// <summary>Preferred transfer size in bytes.</summary>
    internal long BlockSize;

    /// <summary>Blocks in all, in units of <see cref="FragmentSize"/>.</summary>
    internal ulong Blocks;

    /// <summary>Free blocks.</summary>
    internal ulong FreeBlocks;

    /// <summary>Free blocks for unprivileged users.</summary>
    internal ulong AvailableBlocks;

    /// <summary>Inodes in all.</summary>
    internal ulong Files;

    /// <summary>Free inodes.</summary>
    internal ulong FreeFiles;

    private readonly int _fsid0;
    private readonly int _fsid1;

    /// <summary>Longest file name in bytes.</summary>
    internal long NameLength;

    /// <summary>Size of a block in bytes.</summary>
    internal long FragmentSize;

    /// <summary>Mount flags, ST_*.</summary>
    internal long Flags;
}

/// <summary>Magic numbers of filesystems that several machines may change at once (linux/magic.h).</summary>
internal static class FilesystemMagic
{
    /// <summary>NFS_SUPER_MAGIC.</summary>
    internal const long Nfs = 0x6969;

    /// <summary>CIFS_SUPER_MAGIC.</summary>
    internal const long Cifs = 0xFF534D42;

    /// <summary>SMB2_SUPER_MAGIC.</summary>
    internal const long Smb2 = 0xFE534D42;

    /// <summary>SMB_SUPER_MAGIC.</summary>
    internal const long Smb = 0x517B;

    /// <summary>CEPH_SUPER_MAGIC.</summary>
    internal const long Ceph = 0x00C36400;

    /// <summary>AFS_SUPER_MAGIC.</summary>
    internal const long Afs = 0x5346414F;

    /// <summary>CODA_SUPER_MAGIC.</summary>
    internal const long Coda = 0x73757245;

    /// <summary>V9FS_MAGIC.</summary>
    internal const long Plan9 = 0x01021997;

    /// <summary>FUSE_SUPER_MAGIC: sshfs and others; what is behind one cannot be told.</summary>
    internal const long Fuse = 0x65735546;

    /// <summary>OCFS2_SUPER_MAGIC.</summary>
    internal const long Ocfs2 = 0x7461636F;

    /// <summary>GFS2_MAGIC.</summary>
    internal const long Gfs2 = 0x01161970;

    /// <summary>True when others may change files of such a filesystem without this machine noticing.</summary>
    internal static bool IsShared(long type) =>
        type is Nfs or Cifs or Smb2 or Smb or Ceph or Afs or Coda or Plan9 or Fuse or Ocfs2 or Gfs2;
}
