using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Operations;

/// <summary>
/// Has the kernel write back what it keeps of a file, for an answer that depends on it. The kernel itself does so before
/// COPY_FILE_RANGE and FALLOCATE, but not before LSEEK: a file just written would look like a hole, and a copying program
/// would leave its content out.
/// </summary>
/// <remarks>
/// The kernel writes back while the calling worker waits for it, so another worker must be free to take the WRITE
/// requests: one such wait at a time, and none in a mount with a single worker. No lock is held meanwhile; the kernel takes
/// none for it that a request in flight could hold (fuse_reverse_inval_inode, fs/fuse/inode.c), only the pages'.
/// </remarks>
internal sealed class DirtyPages
{
    private int _workers;
    private int _waiting;

    /// <summary>The way to the kernel, once the session runs.</summary>
    internal FuseNotifier? Notifier { get; set; }

    /// <summary>A worker began to serve.</summary>
    internal void AddWorker() => Interlocked.Increment(ref _workers);

    /// <summary>A worker ended.</summary>
    internal void RemoveWorker() => Interlocked.Decrement(ref _workers);

    /// <summary>Writes back a file's dirty pages from <paramref name="upperOffset"/> on; they leave the page cache.</summary>
    /// <returns>EAGAIN when it cannot be done now.</returns>
    internal Errno WriteBack(NodeId node, long upperOffset)
    {
        if (Notifier is null || Volatile.Read(ref _workers) < 2 || Interlocked.Exchange(ref _waiting, 1) != 0)
        {
            return Errno.EAGAIN;
        }

        try
        {
            Errno error = Notifier.InvalidateInode(node, upperOffset, 0);
            return error == Errno.ENOENT ? Errno.None : error;
        }
        finally
        {
            Volatile.Write(ref _waiting, 0);
        }
    }
}
