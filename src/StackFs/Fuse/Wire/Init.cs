using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary><c>struct fuse_init_in</c>: what the kernel can do.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseInitIn
{
    public uint Major;
    public uint Minor;

    /// <summary>Bytes.</summary>
    public uint MaxReadahead;

    /// <summary>Low 32 bits of <see cref="InitFlags"/>.</summary>
    public uint Flags;

    /// <summary>High 32 bits of <see cref="InitFlags"/>; valid with <see cref="InitFlags.InitExt"/>.</summary>
    public uint Flags2;
    public fixed uint Unused[11];
}

/// <summary><c>struct fuse_init_out</c>: what we take of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseInitOut
{
    public uint Major;
    public uint Minor;

    /// <summary>Bytes.</summary>
    public uint MaxReadahead;

    /// <summary>Low 32 bits of <see cref="InitFlags"/>.</summary>
    public uint Flags;

    /// <summary>Requests nobody waits for (readahead, writeback, asynchronous I/O) in flight at most.</summary>
    public ushort MaxBackground;

    /// <summary>Such requests in flight from which the backing device counts as congested.</summary>
    public ushort CongestionThreshold;

    /// <summary>Bytes of data in one WRITE at most.</summary>
    public uint MaxWrite;

    /// <summary>Nanoseconds, 1 to 10^9: granularity of our timestamps.</summary>
    public uint TimeGranularity;

    /// <summary>Pages in one request at most; valid with <see cref="InitFlags.MaxPages"/>.</summary>
    public ushort MaxPages;
    public ushort MapAlignment;

    /// <summary>High 32 bits of <see cref="InitFlags"/>; valid with <see cref="InitFlags.InitExt"/>.</summary>
    public uint Flags2;
    public uint MaxStackDepth;

    /// <summary>Seconds; valid with <see cref="InitFlags.RequestTimeout"/>.</summary>
    public ushort RequestTimeout;
    public fixed ushort Unused[11];
}
