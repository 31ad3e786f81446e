namespace StackFs.Interop;

/// <summary>Bits of <c>st_mode</c> (linux/stat.h).</summary>
internal static class ModeBits
{
    /// <summary>S_IFMT: the bits that hold the file type.</summary>
    internal const uint TypeMask = 0xF000;

    /// <summary>S_IFSOCK.</summary>
    internal const uint Socket = 0xC000;

    /// <summary>S_IFLNK.</summary>
    internal const uint SymbolicLink = 0xA000;

    /// <summary>S_IFREG.</summary>
    internal const uint Regular = 0x8000;

    /// <summary>S_IFBLK.</summary>
    internal const uint BlockDevice = 0x6000;

    /// <summary>S_IFDIR.</summary>
    internal const uint Directory = 0x4000;

    /// <summary>S_IFCHR.</summary>
    internal const uint CharacterDevice = 0x2000;

    /// <summary>S_IFIFO.</summary>
    internal const uint Fifo = 0x1000;

    /// <summary>S_ISUID.</summary>
    internal const uint SetUserId = 0x800;

    /// <summary>S_ISGID.</summary>
    internal const uint SetGroupId = 0x400;

    /// <summary>S_IXGRP.</summary>
    internal const uint GroupExecute = 0x8;

    /// <summary>The twelve bits that <c>chmod(2)</c> sets.</summary>
    internal const uint PermissionMask = 0xFFF;

    /// <summary>The owner's read and write bits.</summary>
    internal const uint OwnerReadWrite = 0x180;

    /// <summary>True when <paramref name="mode"/> is that of a directory.</summary>
    internal static bool IsDirectory(uint mode) => (mode & TypeMask) == Directory;

    /// <summary>True when <paramref name="mode"/> is that of a regular file.</summary>
    internal static bool IsRegular(uint mode) => (mode & TypeMask) == Regular;

    /// <summary>True when <paramref name="mode"/> is that of a symbolic link.</summary>
    internal static bool IsSymbolicLink(uint mode) => (mode & TypeMask) == SymbolicLink;
}
