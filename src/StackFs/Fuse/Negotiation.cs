namespace StackFs.Fuse;

/// <summary>What the kernel offered in INIT.</summary>
/// <param name="Minor">Protocol minor version; the major is 7.</param>
/// <param name="Flags">What the kernel can do, <c>flags2</c> included.</param>
/// <param name="MaxReadahead">Bytes.</param>
internal readonly record struct KernelOffer(uint Minor, InitFlags Flags, uint MaxReadahead)
{
    /// <summary>Whether all of <paramref name="flags"/> are offered.</summary>
    public bool Has(InitFlags flags) => (Flags & flags) == flags;
}

/// <summary>What the filesystem takes of a <see cref="KernelOffer"/>. Why each: <c>PROTOCOL.md</c>.</summary>
internal sealed record FuseInitReply
{
    /// <summary>
    /// Flags that any filesystem of ours wants; what depends on options (writeback caching, ACLs, umask, how data is
    /// invalidated) is added by the filesystem.
    /// </summary>
    public const InitFlags Usual =
        InitFlags.AsyncRead | InitFlags.AtomicOTrunc | InitFlags.BigWrites | InitFlags.DoReadDirPlus |
        InitFlags.ReadDirPlusAuto | InitFlags.AsyncDio | InitFlags.ParallelDirOps | InitFlags.MaxPages |
        InitFlags.CacheSymlinks | InitFlags.SetXAttrExt | InitFlags.InitExt | InitFlags.HasExpireOnly;

    /// <summary>Flags to agree on.</summary>
    public InitFlags Flags { get; init; } = Usual;

    /// <summary>Bytes of data in a WRITE, and of a reply to READ, at most; a multiple of the page size.</summary>
    public int MaxWrite { get; init; } = FuseLimits.LargestTransfer;

    /// <summary>Bytes of readahead; the kernel's own limit when null.</summary>
    public uint? MaxReadahead { get; init; }

    /// <summary>Requests nobody waits for, in flight at most.</summary>
    public ushort MaxBackground { get; init; } = 64;

    /// <summary>Such requests from which the mount counts as congested.</summary>
    public ushort CongestionThreshold { get; init; } = 48;

    /// <summary>Nanoseconds: granularity of timestamps.</summary>
    public uint TimeGranularity { get; init; } = 1;
}
