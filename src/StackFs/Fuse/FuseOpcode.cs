namespace StackFs.Fuse;

/// <summary>
/// What a request asks for: <c>enum fuse_opcode</c> of <c>linux/fuse.h</c>, protocol 7.45. The version in brackets is
/// the protocol minor that brought the operation, where that is past our minimum.
/// </summary>
internal enum FuseOpcode : uint
{
    Lookup = 1,

    /// <summary>Gives back lookup counts. Has no reply.</summary>
    Forget = 2,
    GetAttr = 3,
    SetAttr = 4,
    ReadLink = 5,
    Symlink = 6,
    MkNod = 8,
    MkDir = 9,
    Unlink = 10,
    RmDir = 11,
    Rename = 12,
    Link = 13,
    Open = 14,
    Read = 15,
    Write = 16,
    StatFs = 17,
    Release = 18,
    Fsync = 20,
    SetXAttr = 21,
    GetXAttr = 22,
    ListXAttr = 23,
    RemoveXAttr = 24,
    Flush = 25,

    /// <summary>The first request of a session; answered by the session itself.</summary>
    Init = 26,
    OpenDir = 27,
    ReadDir = 28,
    ReleaseDir = 29,
    FsyncDir = 30,
    GetLk = 31,
    SetLk = 32,
    SetLkW = 33,
    Access = 34,
    Create = 35,

    /// <summary>A caller waiting for another request got a signal. Has no reply; consumed by the session.</summary>
    Interrupt = 36,
    BMap = 37,

    /// <summary>The last request, when the mount goes away; answered by the session itself. Plain users' mounts get none.</summary>
    Destroy = 38,
    Ioctl = 39,
    Poll = 40,
    NotifyReply = 41,

    /// <summary>FORGET for many inodes. Has no reply.</summary>
    BatchForget = 42,
    FAllocate = 43,
    ReadDirPlus = 44,

    /// <summary>RENAME with flags.</summary>
    Rename2 = 45,
    LSeek = 46,
    CopyFileRange = 47,
    SetupMapping = 48,
    RemoveMapping = 49,

    /// <summary>syncfs(2) [7.34]; sent only to mounts the kernel trusts (virtiofs, fuseblk).</summary>
    SyncFs = 50,

    /// <summary>open(2) with O_TMPFILE [7.37].</summary>
    TmpFile = 51,

    /// <summary>statx(2), asked when somebody wants the birth time [7.39].</summary>
    StatX = 52,

    /// <summary>COPY_FILE_RANGE with a 64-bit count in the reply [7.45].</summary>
    CopyFileRange64 = 53,
}

/// <summary>Facts about operations that the transport needs.</summary>
internal static class FuseOpcodes
{
    /// <summary>Whether the kernel waits for an answer; a reply to any other request is refused with ENOENT.</summary>
    public static bool HasReply(this FuseOpcode opcode) =>
        opcode is not (FuseOpcode.Forget or FuseOpcode.BatchForget or FuseOpcode.Interrupt or FuseOpcode.NotifyReply);

    /// <summary>Whether a program waits for it: not for what the kernel sends on its own when something is let go.</summary>
    public static bool IsAwaited(this FuseOpcode opcode) =>
        opcode.HasReply() && opcode is not (FuseOpcode.Release or FuseOpcode.ReleaseDir);
}
