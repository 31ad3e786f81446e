using System.Runtime.InteropServices;
using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Properties.Fuse;

/// <summary>A channel that holds one request and remembers the form of what was answered.</summary>
internal sealed class SingleRequestChannel : FuseChannel
{
    private readonly byte[] _reply = new byte[FuseLimits.LargestTransfer + 4096 + 16];
    private byte[] _request = [];

    public override Span<byte> ReplyBuffer => _reply;

    public int Replies { get; private set; }

    public int ReplyLength { get; private set; }

    public FuseOutHeader ReplyHeader => MemoryMarshal.Read<FuseOutHeader>(_reply);

    public void Set(byte[] request)
    {
        _request = request;
        Replies = 0;
    }

    public override Errno Receive(out ReadOnlySpan<byte> request)
    {
        request = _request;
        return Errno.None;
    }

    public override Errno Send(ReadOnlySpan<byte> reply)
    {
        Replies++;
        ReplyLength = reply.Length;
        return Errno.None;
    }

    public override void Clear()
    {
    }

    protected override void Dispose(bool disposing)
    {
        // Managed memory only.
    }
}
