namespace StackFs.Fuse;

/// <summary>
/// What kernel and filesystem agree on in INIT: <c>FUSE_*</c> of <c>linux/fuse.h</c>, protocol 7.45. Bits 32 and up
/// travel in <c>flags2</c> and only together with <see cref="InitExt"/>. Why we ask for which: <c>PROTOCOL.md</c>.
/// </summary>
[Flags]
internal enum InitFlags : ulong
{
    None = 0,

    /// <summary>Several READ requests of one open file may be in flight (readahead).</summary>
    AsyncRead = 1UL << 0,

    /// <summary>POSIX locks are sent to us; without it the kernel keeps them itself.</summary>
    PosixLocks = 1UL << 1,
    FileOps = 1UL << 2,

    /// <summary>OPEN with O_TRUNC truncates; without it a SETATTR comes after the OPEN.</summary>
    AtomicOTrunc = 1UL << 3,

    /// <summary>LOOKUP of "." and ".." is answered, so that the mount can be exported over NFS.</summary>
    ExportSupport = 1UL << 4,

    /// <summary>WRITE may carry more than 4 KiB.</summary>
    BigWrites = 1UL << 5,

    /// <summary>The caller's umask is not applied by the kernel, but sent along.</summary>
    DontMask = 1UL << 6,
    SpliceWrite = 1UL << 7,
    SpliceMove = 1UL << 8,
    SpliceRead = 1UL << 9,

    /// <summary>flock(2) locks are sent to us; without it the kernel keeps them itself.</summary>
    FlockLocks = 1UL << 10,
    HasIoctlDir = 1UL << 11,

    /// <summary>Cached pages are dropped when a fresh attribute shows another mtime or size.</summary>
    AutoInvalData = 1UL << 12,
    DoReadDirPlus = 1UL << 13,

    /// <summary>READDIRPLUS only while its attributes turn out to be used.</summary>
    ReadDirPlusAuto = 1UL << 14,

    /// <summary>Asynchronous direct I/O is split into requests in flight at once.</summary>
    AsyncDio = 1UL << 15,

    /// <summary>The kernel keeps dirty pages, and with them owns size and mtime.</summary>
    WritebackCache = 1UL << 16,

    /// <summary>The kernel understands ENOSYS to OPEN as "never ask again".</summary>
    NoOpenSupport = 1UL << 17,

    /// <summary>LOOKUP and READDIR of one directory may be in flight together.</summary>
    ParallelDirOps = 1UL << 18,
    HandleKillPriv = 1UL << 19,

    /// <summary>The kernel fetches POSIX ACLs by GETXATTR, caches and enforces them; implies default_permissions.</summary>
    PosixAcl = 1UL << 20,

    /// <summary>Reading the device after an abort answers ECONNABORTED instead of ENODEV.</summary>
    AbortError = 1UL << 21,

    /// <summary><c>max_pages</c> of the reply is valid: requests may pass 32 pages.</summary>
    MaxPages = 1UL << 22,
    CacheSymlinks = 1UL << 23,

    /// <summary>The kernel understands ENOSYS to OPENDIR as "never ask again".</summary>
    NoOpenDirSupport = 1UL << 24,

    /// <summary>Cached pages are dropped only when we notify; excludes <see cref="AutoInvalData"/>.</summary>
    ExplicitInvalData = 1UL << 25,
    MapAlignment = 1UL << 26,
    Submounts = 1UL << 27,

    /// <summary>We clear set-user-ID and set-group-ID on write, chown and truncate as the VFS would.</summary>
    HandleKillPrivV2 = 1UL << 28,

    /// <summary>SETXATTR carries the longer <see cref="FuseSetXAttrIn"/>.</summary>
    SetXAttrExt = 1UL << 29,

    /// <summary>INIT carries <c>flags2</c>, in both directions.</summary>
    InitExt = 1UL << 30,
    SecurityCtx = 1UL << 32,
    HasInodeDax = 1UL << 33,

    /// <summary>Creating requests carry the caller's supplementary group that matches the parent directory's.</summary>
    CreateSuppGroup = 1UL << 34,

    /// <summary>Invalidating an entry may just expire it (<see cref="InvalidateEntryFlags.ExpireOnly"/>).</summary>
    HasExpireOnly = 1UL << 35,

    /// <summary>Shared mmap works on files opened with <see cref="OpenReplyFlags.DirectIo"/>.</summary>
    DirectIoAllowMmap = 1UL << 36,

    /// <summary>READ and WRITE of chosen files go to a backing file without us; excludes writeback caching.</summary>
    Passthrough = 1UL << 37,
    NoExportSupport = 1UL << 38,
    HasResend = 1UL << 39,
    AllowIdmap = 1UL << 40,
    OverIoUring = 1UL << 41,

    /// <summary>The kernel aborts the mount when a request stays unanswered for <c>request_timeout</c> seconds.</summary>
    RequestTimeout = 1UL << 42,
}
