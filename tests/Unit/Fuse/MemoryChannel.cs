using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Unit.Fuse;

/// <summary>A channel whose requests a test puts in, and whose replies it looks at.</summary>
internal sealed class MemoryChannel : FuseChannel
{
    private readonly byte[] _reply = GC.AllocateArray<byte>(FuseLimits.LargestTransfer + 4096 + 16, pinned: true);
    private readonly Queue<byte[]> _requests = new();

    /// <summary>What the kernel would answer to a reply.</summary>
    public Errno SendResult { get; set; }

    /// <summary>What was sent, newest last.</summary>
    public List<byte[]> Sent { get; } = [];

    /// <summary>Sends without remembering, which would allocate.</summary>
    public bool Forgetful { get; set; }

    /// <summary>Received again and again, when set.</summary>
    public byte[]? Endless { get; set; }

    public override Span<byte> ReplyBuffer => _reply;

    public void Add(byte[] request) => _requests.Enqueue(request);

    public override Errno Receive(out ReadOnlySpan<byte> request)
    {
        if (Interrupted)
        {
            Interrupted = false;
            request = default;
            return Errno.EINTR;
        }

        if (Endless is not null)
        {
            request = Endless;
            return Errno.None;
        }

        bool any = _requests.TryDequeue(out byte[]? next);
        request = next;
        return any ? Errno.None : Errno.ENODEV;
    }

    public override Errno Send(ReadOnlySpan<byte> reply)
    {
        if (!Forgetful)
        {
            Sent.Add(reply.ToArray());
        }

        return SendResult;
    }

    /// <summary>Whether the next receive is interrupted, once.</summary>
    public bool Interrupted { get; set; }

    /// <summary>How often it was cleared.</summary>
    public int Clears { get; private set; }

    public override void Clear() => Clears++;

    /// <summary>The error of the newest reply.</summary>
    public Errno LastError => (Errno)(-MemoryMarshal.Read<FuseOutHeader>(Sent[^1]).Error);

    /// <summary>A request of one structure and whatever follows it.</summary>
    public static byte[] Request<T>(FuseOpcode opcode, in T body, ReadOnlySpan<byte> rest = default)
        where T : unmanaged
    {
        byte[] bytes = new byte[Unsafe.SizeOf<FuseInHeader>() + Unsafe.SizeOf<T>() + rest.Length];
        var header = new FuseInHeader
        {
            Length = (uint)bytes.Length,
            Opcode = opcode,
            Unique = 2,
            NodeId = NodeId.Root,
        };
        MemoryMarshal.Write(bytes, in header);
        MemoryMarshal.Write(bytes.AsSpan(Unsafe.SizeOf<FuseInHeader>()), in body);
        rest.CopyTo(bytes.AsSpan(Unsafe.SizeOf<FuseInHeader>() + Unsafe.SizeOf<T>()));
        return bytes;
    }

    protected override void Dispose(bool disposing)
    {
        // Managed memory only.
    }
}
