namespace StackFs.Fuse;

/// <summary>
/// What one worker did. Written by that worker alone; others read it at any time and may see it a request late.
/// </summary>
internal sealed class WorkerCounters
{
    // One past the highest opcode of protocol 7.45.
    private const int OpcodeCount = 54;

    private readonly long[] _requests = new long[OpcodeCount];

    /// <summary>Handlers that threw.</summary>
    public long Faults { get; set; }

    /// <summary>Handlers that returned without a reply.</summary>
    public long Unanswered { get; set; }

    /// <summary>Messages that are no request; dropped.</summary>
    public long Malformed { get; set; }

    /// <summary>Replies the kernel rejected.</summary>
    public long Rejected { get; set; }

    /// <summary>Requests whose caller was interrupted by a signal.</summary>
    public long Interrupts { get; set; }

    /// <summary>Counts a request; an opcode newer than we know counts at zero.</summary>
    public void Count(FuseOpcode opcode) => _requests[(uint)opcode < OpcodeCount ? (int)opcode : 0]++;

    /// <summary>Requests with <paramref name="opcode"/> so far.</summary>
    public long Requests(FuseOpcode opcode) => _requests[(int)opcode];
}
