using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// One worker's way to the kernel: requests in, replies out, and the buffers for both. Used by one thread at a time.
/// </summary>
internal abstract class FuseChannel : IDisposable
{
    /// <summary>
    /// Where the reply to the request received last is made: a header, and from byte 16 on, page aligned, the payload.
    /// Never overlaps that request.
    /// </summary>
    public abstract Span<byte> ReplyBuffer { get; }

    /// <summary>Begins to take requests; once, on the thread that will use the channel.</summary>
    /// <returns>Why the kernel gives it none; then the channel is of no use.</returns>
    public virtual Errno Begin() => Errno.None;

    /// <summary>Waits for the next request. Answers that only mean "ask again" are dealt with inside.</summary>
    /// <param name="request">One whole request; valid until the next call.</param>
    /// <returns>
    /// EINTR when a signal came first, which is how a waiting worker is woken; ENODEV when the mount is gone, ECONNABORTED when the connection was aborted under it; anything else is a bug on
    /// our side.
    /// </returns>
    public abstract Errno Receive(out ReadOnlySpan<byte> request);

    /// <summary>
    /// Sends the reply to the request received last, or has it sent when the next is asked for.
    /// </summary>
    /// <param name="reply">The start of <see cref="ReplyBuffer"/>.</param>
    /// <returns>
    /// ENOENT when nobody waits for it any more, ENODEV or ECONNABORTED when the connection is gone; EINVAL when the kernel rejects its form,
    /// in which case it told the caller EIO.
    /// </returns>
    public abstract Errno Send(ReadOnlySpan<byte> reply);

    /// <summary>Wipes the buffers, but for a request or a reply on its way; between two requests.</summary>
    public abstract void Clear();

    /// <summary>Answers requests of this channel later, from any thread; null where that cannot be.</summary>
    public virtual LateReplies? LateReplies => null;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the buffers and closes what the channel owns.</summary>
    protected abstract void Dispose(bool disposing);
}
