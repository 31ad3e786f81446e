using System.Runtime.InteropServices;

namespace StackFs.Interop;

/// <summary>What a ring is set up for: <c>IORING_SETUP_*</c> of linux/io_uring.h.</summary>
[Flags]
internal enum IoUringSetup : uint
{
    None = 0,

    /// <summary>The ring takes nothing until it is enabled, by the thread that it then belongs to.</summary>
    Disabled = 1 << 6,

    /// <summary>Submissions have 128 bytes.</summary>
    LongSubmissions = 1 << 10,

    /// <summary>Only one thread submits (Linux 6.0).</summary>
    SingleIssuer = 1 << 12,

    /// <summary>
    /// What completes is worked off inside io_uring_enter of that thread and nowhere else (Linux 6.1): no signal
    /// interrupts the thread for it, and no buffer changes while the thread is outside.
    /// </summary>
    DeferTaskRun = 1 << 13,

    /// <summary>Submissions are taken in the order of their slots (Linux 6.6).</summary>
    NoSubmissionArray = 1 << 16,
}

/// <summary>linux/io_uring.h, struct io_sqring_offsets: bytes into the ring's mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringSubmissionOffsets
{
    public uint Head;
    public uint Tail;
    public uint RingMask;
    public uint RingEntries;
    public uint Flags;
    public uint Dropped;
    public uint Array;
    public uint Reserved;
    public ulong UserAddress;
}

/// <summary>linux/io_uring.h, struct io_cqring_offsets: bytes into the ring's mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringCompletionOffsets
{
    public uint Head;
    public uint Tail;
    public uint RingMask;
    public uint RingEntries;
    public uint Overflow;
    public uint Completions;
    public uint Flags;
    public uint Reserved;
    public ulong UserAddress;
}

/// <summary>linux/io_uring.h, struct io_uring_params.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoUringParameters
{
    public uint SubmissionEntries;
    public uint CompletionEntries;
    public IoUringSetup Flags;
    public uint SubmitterCpu;
    public uint SubmitterIdle;
    public uint Features;
    public uint WorkerRing;
    public fixed uint Reserved[3];
    public IoUringSubmissionOffsets Submissions;
    public IoUringCompletionOffsets Completions;
}

/// <summary>
/// linux/io_uring.h, struct io_uring_sqe of 128 bytes, as <see cref="IoUringOperation.Command"/> uses it. The slots of a
/// ring without <see cref="IoUringSetup.LongSubmissions"/> end with the first 16 bytes of the command.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoUringSubmission
{
    /// <summary>Bytes of <see cref="Command"/>.</summary>
    public const int CommandSize = 80;

    public IoUringOperation Operation;
    public byte Flags;
    public ushort Priority;
    public int Descriptor;

    /// <summary>What the file is asked for.</summary>
    public uint CommandOperation;
    public uint Padding;

    /// <summary>An address for the file.</summary>
    public ulong Address;
    public uint Length;
    public uint CommandFlags;

    /// <summary>Comes back with the completion.</summary>
    public ulong UserData;
    public ushort BufferIndex;
    public ushort Personality;
    public uint FileIndex;

    /// <summary>What else the file's command needs.</summary>
    public fixed byte Command[CommandSize];
}

/// <summary>linux/io_uring.h, enum io_uring_op: those in use here.</summary>
internal enum IoUringOperation : byte
{
    /// <summary>Completes at once.</summary>
    Nothing = 0,

    /// <summary>A command that the file understands (Linux 5.19).</summary>
    Command = 46,
}

/// <summary>linux/io_uring.h, struct io_uring_cqe of 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringCompletion
{
    /// <summary>As submitted.</summary>
    public ulong UserData;

    /// <summary>Not negative, or a negated errno.</summary>
    public int Result;
    public uint Flags;
}
