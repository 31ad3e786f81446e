using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary><c>struct fuse_uring_ent_in_out</c> (7.42): what a ring entry carries beside the request.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseUringEntInOut
{
    public ulong Flags;

    /// <summary>Names the request when its reply is committed.</summary>
    public ulong CommitId;

    /// <summary>Bytes in the payload buffer, of the request and then of the reply.</summary>
    public uint PayloadSize;
    public uint Padding;
    public ulong Reserved;
}

/// <summary><c>struct fuse_uring_req_header</c> (7.42): the header buffer of a ring entry.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseUringReqHeader
{
    /// <summary>FUSE_URING_IN_OUT_HEADER_SZ, FUSE_URING_OP_IN_OUT_SZ.</summary>
    public const int PartSize = 128;

    /// <summary>A <see cref="FuseInHeader"/>, then the reply's <see cref="FuseOutHeader"/>.</summary>
    public fixed byte InOut[PartSize];

    /// <summary>The structure that opens the request's body, if it has one.</summary>
    public fixed byte OperationIn[PartSize];
    public FuseUringEntInOut Entry;
}

/// <summary><c>struct fuse_uring_cmd_req</c> (7.42): in the command area of a submission.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseUringCmdReq
{
    public ulong Flags;

    /// <summary>As <see cref="FuseUringEntInOut.CommitId"/>; zero when an entry is registered.</summary>
    public ulong CommitId;

    /// <summary>The queue, one for each possible processor.</summary>
    public ushort Queue;
    public fixed byte Padding[6];
}

/// <summary><c>enum fuse_uring_cmd</c> (7.42).</summary>
internal enum FuseUringCommand : uint
{
    /// <summary>Gives the kernel an entry of a queue, and waits for its first request.</summary>
    Register = 1,

    /// <summary>Sends a reply, and waits for the entry's next request.</summary>
    CommitAndFetch = 2,
}
