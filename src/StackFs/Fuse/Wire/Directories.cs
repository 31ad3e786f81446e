using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary><c>struct fuse_dirent</c>; the name follows, and zeros up to a multiple of 8.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseDirEnt
{
    /// <summary>The inode number that programs see (<c>d_ino</c>).</summary>
    public ulong Ino;

    /// <summary>Cookie from which READDIR goes on after this record.</summary>
    public ulong Offset;
    public uint NameLength;

    /// <summary><c>DT_*</c>: the type bits of <c>st_mode</c>, shifted right by 12.</summary>
    public uint Type;
}

/// <summary><c>struct fuse_direntplus</c>; the name follows, and zeros up to a multiple of 8.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseDirEntPlus
{
    public FuseEntryOut Entry;
    public FuseDirEnt DirEnt;
}
