namespace StackFs.Interop;

/// <summary>
/// Flags of <c>open(2)</c> (asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h). Four of them exchange their
/// values between x86-64 and arm64; a FUSE request carries the numbers of the machine it runs on.
/// </summary>
internal static class OpenFlags
{
    /// <summary>O_RDONLY.</summary>
    internal const int ReadOnly = 0;

    /// <summary>O_WRONLY.</summary>
    internal const int WriteOnly = 1;

    /// <summary>O_RDWR.</summary>
    internal const int ReadWrite = 2;

    /// <summary>O_ACCMODE: the bits that hold the access mode.</summary>
    internal const int AccessMode = 3;

    /// <summary>O_CREAT.</summary>
    internal const int Create = 0x40;

    /// <summary>O_EXCL.</summary>
    internal const int Exclusive = 0x80;

    /// <summary>O_NOCTTY.</summary>
    internal const int NoControllingTerminal = 0x100;

    /// <summary>O_TRUNC.</summary>
    internal const int Truncate = 0x200;

    /// <summary>O_APPEND.</summary>
    internal const int Append = 0x400;

    /// <summary>O_NONBLOCK.</summary>
    internal const int NonBlocking = 0x800;

    /// <summary>O_DSYNC.</summary>
    internal const int DataSync = 0x1000;

    /// <summary>O_NOATIME.</summary>
    internal const int NoAccessTime = 0x40000;

    /// <summary>O_CLOEXEC.</summary>
    internal const int CloseOnExec = 0x80000;

    /// <summary>O_SYNC, which includes O_DSYNC.</summary>
    internal const int Sync = 0x101000;

    /// <summary>O_PATH.</summary>
    internal const int Path = 0x200000;

    /// <summary>O_DIRECT.</summary>
    internal static int Direct => Architecture.IsArm64 ? 0x10000 : 0x4000;

    /// <summary>O_DIRECTORY.</summary>
    internal static int Directory => Architecture.IsArm64 ? 0x4000 : 0x10000;

    /// <summary>O_NOFOLLOW.</summary>
    internal static int NoFollow => Architecture.IsArm64 ? 0x8000 : 0x20000;

    /// <summary>O_TMPFILE, which includes O_DIRECTORY.</summary>
    internal static int TemporaryFile => 0x400000 | Directory;
}
