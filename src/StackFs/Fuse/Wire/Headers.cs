using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary><c>struct fuse_in_header</c>: opens every request.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInHeader
{
    /// <summary>Bytes of the whole request, this header included.</summary>
    public uint Length;
    public FuseOpcode Opcode;

    /// <summary>Names the request; the reply repeats it.</summary>
    public ulong Unique;
    public NodeId NodeId;

    /// <summary>The caller's fsuid in our user namespace, or 2^32-1 where it has none.</summary>
    public uint Uid;

    /// <summary>The caller's fsgid in our user namespace.</summary>
    public uint Gid;

    /// <summary>The calling thread in our PID namespace; 0 for the kernel's own writeback.</summary>
    public uint Pid;

    /// <summary>Length, in units of 8 bytes, of the extensions that end the request.</summary>
    public ushort TotalExtensionLength;
    public ushort Padding;
}

/// <summary><c>struct fuse_out_header</c>: opens every reply and notification.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOutHeader
{
    /// <summary>Bytes of the whole reply, this header included.</summary>
    public uint Length;

    /// <summary>Zero, or a negated errno; in a notification the <see cref="NotifyCode"/>.</summary>
    public int Error;

    /// <summary>The request's <see cref="FuseInHeader.Unique"/>; zero marks a notification.</summary>
    public ulong Unique;
}

/// <summary><c>struct fuse_ext_header</c>: opens one extension of a request.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseExtHeader
{
    /// <summary>Bytes of this extension, this header included, padded to 8.</summary>
    public uint Size;
    public FuseExtType Type;
}

/// <summary><c>enum fuse_ext_type</c>; values up to 31 are counts of security contexts.</summary>
internal enum FuseExtType : uint
{
    /// <summary><c>struct fuse_supp_groups</c>: u32 count, then that many group ids.</summary>
    Groups = 32,
}
