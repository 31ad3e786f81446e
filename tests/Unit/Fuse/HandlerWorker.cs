using StackFs.Fuse;

namespace StackFs.Tests.Unit.Fuse;

internal delegate void RequestHandler(in FuseRequest request, ref ReplyWriter reply);

/// <summary>A worker made of one delegate.</summary>
internal sealed class HandlerWorker(RequestHandler handler) : IFuseWorker
{
    public int Calls { get; private set; }

    public void Handle(in FuseRequest request, ref ReplyWriter reply)
    {
        Calls++;
        handler(in request, ref reply);
    }

    public int Clears { get; private set; }

    public void Clear() => Clears++;

    public void Dispose()
    {
        // Nothing held.
    }
}
