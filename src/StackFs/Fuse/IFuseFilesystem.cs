namespace StackFs.Fuse;

/// <summary>What a FUSE session serves.</summary>
internal interface IFuseFilesystem
{
    /// <summary>
    /// Answers the kernel's INIT, once, on the thread that runs the session and before any worker exists. Flags not
    /// in <paramref name="offer"/> are dropped from the answer, so ask the offer what will hold.
    /// </summary>
    FuseInitReply Negotiate(in KernelOffer offer);

    /// <summary>The kernel agreed; called once, after <see cref="Negotiate"/> and before any worker exists.</summary>
    /// <param name="session">Its notifier may be used as long as the session runs.</param>
    void Serving(FuseSession session)
    {
    }

    /// <summary>
    /// Makes one worker. Called on the worker's own thread, so that it can take per-thread state (<c>unshare</c>,
    /// filesystem credentials) at once. May be called again later, when slow requests keep all workers busy.
    /// </summary>
    IFuseWorker CreateWorker();

    /// <summary>
    /// The mount is gone and no request comes any more. Called once, on the thread that runs the session, if INIT was
    /// answered. Handles may still be open and lookup counts held: the kernel drops the RELEASE and FORGET requests
    /// that are queued when a mount ends, and sends DESTROY to block-device mounts only.
    /// </summary>
    void Destroyed();
}

/// <summary>
/// Handles requests on one dedicated thread, one at a time, for the life of the session; disposed on that thread.
/// </summary>
internal interface IFuseWorker : IDisposable
{
    /// <summary>
    /// Handles one request, never INIT, DESTROY or INTERRUPT. Requests of different workers run concurrently and in any
    /// order. An exception is a bug: it is logged, counted and answered EIO.
    /// </summary>
    void Handle(in FuseRequest request, ref ReplyWriter reply);

    /// <summary>
    /// Wipes what requests have left in the worker's memory, and keys: asked for by <see cref="FuseSession.Round"/>, between
    /// two requests.
    /// </summary>
    void Clear()
    {
    }

    /// <summary>Gives the worker, before its first request, the way to answer one later (<see cref="ReplyWriter.Later"/>).</summary>
    void Attach(LateReplies replies)
    {
    }

    /// <summary>
    /// The caller of a request, of this or another worker, got a signal. It may not have been begun yet, or be over; only
    /// one that is answered later need give up, with EINTR.
    /// </summary>
    void Interrupt(ulong unique)
    {
    }
}
