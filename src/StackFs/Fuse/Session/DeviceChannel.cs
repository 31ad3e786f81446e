using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// read(2) and write(2) on a <c>/dev/fuse</c> descriptor: one system call fetches a request, one sends its reply.
/// </summary>
/// <remarks>
/// The kernel copies between its pages and ours one page of ours at a time, so both buffers are placed to have the data
/// of a WRITE request, and the payload of a reply, begin on a page; their headers end the page before.
/// </remarks>
internal sealed unsafe class DeviceChannel : FuseChannel
{
    private const int PageSize = 4096;

    // Data, a page for what comes with it (readdir and extended attributes stay far below), and the headers' page.
    private const int BufferSize = FuseLimits.LargestTransfer + (2 * PageSize);

    private readonly SafeFd _device;
    private readonly bool _ownsDevice;
    private byte* _request;
    private byte* _reply;

    /// <summary>Serves <paramref name="device"/>.</summary>
    /// <param name="device">A descriptor tied to the mount.</param>
    /// <param name="ownsDevice">Whether to close it at the end.</param>
    public DeviceChannel(SafeFd device, bool ownsDevice)
    {
        _device = device;
        _ownsDevice = ownsDevice;
        _request = (byte*)NativeMemory.AlignedAlloc(BufferSize, PageSize);
        _reply = (byte*)NativeMemory.AlignedAlloc(BufferSize, PageSize);
    }

    /// <inheritdoc/>
    public override Span<byte> ReplyBuffer => PlaceBefore(_reply, Unsafe.SizeOf<FuseOutHeader>());

    /// <inheritdoc/>
    public override LateReplies LateReplies => new(_device);

    private Span<byte> RequestBuffer =>
        PlaceBefore(_request, Unsafe.SizeOf<FuseInHeader>() + Unsafe.SizeOf<FuseWriteIn>());

    /// <summary>
    /// A channel on a descriptor of its own, so that workers do not share one queue of requests in flight; on
    /// <paramref name="device"/> itself where the user may not open <c>/dev/fuse</c>.
    /// </summary>
    public static DeviceChannel Clone(SafeFd device)
    {
        if (Libc.OpenFuseDevice(out SafeFd? clone) == Errno.None)
        {
            if (Libc.CloneFuseDevice(clone!, device) == Errno.None)
            {
                return new DeviceChannel(clone!, ownsDevice: true);
            }

            clone!.Dispose();
        }

        return new DeviceChannel(device, ownsDevice: false);
    }

    /// <inheritdoc/>
    public override Errno Receive(out ReadOnlySpan<byte> request)
    {
        while (true)
        {
            Span<byte> buffer = RequestBuffer;
            Errno error = Libc.ReadOnce(_device, buffer, out int count);
            switch (error)
            {
                case Errno.None:
                    request = buffer[..count];
                    return Errno.None;

                // ENOENT: the caller was killed while its request was being read.
                case Errno.EAGAIN or Errno.ENOENT:
                    continue;

                default:
                    request = default;
                    return error;
            }
        }
    }

    /// <inheritdoc/>
    public override Errno Send(ReadOnlySpan<byte> reply)
    {
        Errno error;
        do
        {
            error = Libc.WriteOnce(_device, reply);
        }
        while (error is Errno.EINTR or Errno.EAGAIN);

        return error;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(_request, BufferSize));
        CryptographicOperations.ZeroMemory(new Span<byte>(_reply, BufferSize));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(_request);
        NativeMemory.AlignedFree(_reply);
        _request = null;
        _reply = null;
        if (_ownsDevice)
        {
            _device.Dispose();
        }
    }

    private static Span<byte> PlaceBefore(byte* buffer, int headers) =>
        new(buffer + PageSize - headers, BufferSize - PageSize + headers);
}
