using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// Tells the kernel, unasked, what it must no longer cache. Any thread may call, allocating nothing.
/// </summary>
/// <remarks>
/// Never from within a handler, nor while holding a lock that a handler takes: the kernel takes the inode's or the
/// directory's lock, which the caller of a request in flight may hold until that request is answered.
/// </remarks>
internal sealed class FuseNotifier
{
    // NAME_MAX of linux/limits.h.
    private const int LongestName = 255;

    private readonly SafeFd _device;
    private readonly WorkerRota? _rota;

    /// <summary>Speaks through <paramref name="device"/>, which it does not own.</summary>
    /// <param name="device">The device.</param>
    /// <param name="rota">Who serves: the kernel may wait for requests to be answered before it takes what it is told.</param>
    public FuseNotifier(SafeFd device, WorkerRota? rota = null)
    {
        _device = device;
        _rota = rota;
    }

    /// <summary>Drops cached attributes of an inode, and cached pages in a range; dirty pages are written back first.</summary>
    /// <param name="node">The inode.</param>
    /// <param name="upperOffset">Bytes; negative: attributes only.</param>
    /// <param name="length">Bytes; zero or negative: to the end.</param>
    /// <returns>ENOENT when the kernel does not know the inode, ENODEV when the mount is gone.</returns>
    public Errno InvalidateInode(NodeId node, long upperOffset, long length)
    {
        var body = new FuseNotifyInvalInodeOut { NodeId = node, Offset = upperOffset, Length = length };
        return Send(NotifyCode.InvalidateInode, in body, name: default, named: false);
    }

    /// <summary>Drops a cached name, negative ones too.</summary>
    /// <param name="parent">The directory.</param>
    /// <param name="name">The entry's name.</param>
    /// <param name="flags">Whether only to expire it.</param>
    /// <returns>ENOENT when the kernel knows neither directory nor name, ENODEV when the mount is gone.</returns>
    public Errno InvalidateEntry(NodeId parent, ReadOnlySpan<byte> name, InvalidateEntryFlags flags = InvalidateEntryFlags.None)
    {
        var body = new FuseNotifyInvalEntryOut { Parent = parent, NameLength = (uint)name.Length, Flags = flags };
        return Send(NotifyCode.InvalidateEntry, in body, name, named: true);
    }

    /// <summary>Tells that a name was removed below us: drops it, and lets watchers of the directory know.</summary>
    /// <param name="parent">The directory.</param>
    /// <param name="child">The inode that had the name.</param>
    /// <param name="name">The entry's name.</param>
    /// <returns>
    /// ENOENT when the kernel does not know the name, or knows another inode by it; ENOTEMPTY or EBUSY for a directory
    /// that is not empty or mounted on; ENODEV when the mount is gone.
    /// </returns>
    public Errno Delete(NodeId parent, NodeId child, ReadOnlySpan<byte> name)
    {
        var body = new FuseNotifyDeleteOut { Parent = parent, Child = child, NameLength = (uint)name.Length };
        return Send(NotifyCode.Delete, in body, name, named: true);
    }

    private Errno Send<T>(NotifyCode code, in T body, ReadOnlySpan<byte> name, bool named)
        where T : unmanaged
    {
        if (name.Length > LongestName)
        {
            return Errno.ENAMETOOLONG;
        }

        int headerLength = Unsafe.SizeOf<FuseOutHeader>();
        int length = headerLength + Unsafe.SizeOf<T>() + (named ? name.Length + 1 : 0);
        Span<byte> message = stackalloc byte[512];
        var header = new FuseOutHeader { Length = (uint)length, Error = (int)code };
        MemoryMarshal.Write(message, in header);
        MemoryMarshal.Write(message[headerLength..], in body);
        name.CopyTo(message[(headerLength + Unsafe.SizeOf<T>())..]);
        if (named)
        {
            message[length - 1] = 0;
        }

        _rota?.Call();
        Errno error;
        do
        {
            error = Libc.WriteOnce(_device, message[..length]);
        }
        while (error == Errno.EINTR);

        return error;
    }
}
