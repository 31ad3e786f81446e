using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// Answers requests whose worker has gone on to others: those that wait for a lock. The kernel takes a reply only through
/// the descriptor that the request was read from, so there is one of these for each channel. Safe on any thread.
/// </summary>
/// <param name="device">That descriptor; stays the channel's.</param>
internal sealed class LateReplies(SafeFd device)
{
    /// <summary>Answers a request that was put off, once. A caller or a mount that has gone meanwhile is no error.</summary>
    /// <param name="unique">The request's number.</param>
    /// <param name="error">The answer; none for success, which carries no data.</param>
    public void Send(ulong unique, Errno error)
    {
        FuseOutHeader header = new()
        {
            Length = (uint)Unsafe.SizeOf<FuseOutHeader>(),
            Error = -(int)error,
            Unique = unique,
        };
        Errno sent;
        try
        {
            do
            {
                sent = Libc.WriteOnce(device, MemoryMarshal.AsBytes(new ReadOnlySpan<FuseOutHeader>(in header)));
            }
            while (sent is Errno.EINTR or Errno.EAGAIN);
        }
        catch (ObjectDisposedException)
        {
            // The session is over, and nobody waits.
        }
    }
}
