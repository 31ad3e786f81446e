namespace StackFs.Interop;

/// <summary>Flags of the <c>*at</c> system calls (linux/fcntl.h).</summary>
internal static class AtFlags
{
    /// <summary>AT_SYMLINK_NOFOLLOW.</summary>
    internal const int SymlinkNoFollow = 0x100;

    /// <summary>AT_REMOVEDIR, for <c>unlinkat</c>.</summary>
    internal const int RemoveDirectory = 0x200;

    /// <summary>AT_SYMLINK_FOLLOW, for <c>linkat</c>.</summary>
    internal const int SymlinkFollow = 0x400;

    /// <summary>AT_NO_AUTOMOUNT.</summary>
    internal const int NoAutomount = 0x800;

    /// <summary>AT_EMPTY_PATH: the descriptor itself.</summary>
    internal const int EmptyPath = 0x1000;

    /// <summary>AT_STATX_FORCE_SYNC: ask the server even when attributes are cached.</summary>
    internal const int ForceSync = 0x2000;

    /// <summary>AT_STATX_DONT_SYNC: whatever is cached; the server is not asked.</summary>
    internal const int DontSync = 0x4000;
}
