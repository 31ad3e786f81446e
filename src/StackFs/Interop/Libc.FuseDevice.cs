using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>
/// The FUSE device. Its read and write move whole messages and are not retried here: EINTR is one of several answers
/// that the transport tells apart.
/// </content>
internal static unsafe partial class Libc
{
    // linux/fuse.h, FUSE_DEV_IOC_CLONE = _IOR(229, 0, uint32_t); the same number on x86-64 and arm64.
    private const nuint FuseDeviceClone = 0x8004E500;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFd fd, byte* buf, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFd fd, byte* buf, nuint count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_pointer(SafeFd fd, nuint request, void* argument);

    /// <summary>Opens <c>/dev/fuse</c>, not yet tied to a mount.</summary>
    /// <returns>ENOENT or ENODEV where the kernel has no FUSE, EACCES where only root may open the device.</returns>
    internal static Errno OpenFuseDevice(out SafeFd? device) =>
        OpenPath("/dev/fuse"u8, OpenFlags.ReadWrite, out device);

    /// <summary>
    /// Ties <paramref name="device"/>, freshly opened, to the mount that <paramref name="original"/> serves: a request
    /// read from one of them is answered on the same.
    /// </summary>
    internal static Errno CloneFuseDevice(SafeFd device, SafeFd original)
    {
        uint source = (uint)original.Number;
        Errno error = Result(ioctl_pointer(device, FuseDeviceClone, &source));
        GC.KeepAlive(original);
        return error;
    }

    /// <summary>Waits for bytes of <paramref name="fd"/> and reads them with one read(2).</summary>
    internal static Errno ReadOnce(SafeFd fd, Span<byte> buffer, out int count)
    {
        fixed (byte* pointer = buffer)
        {
            nint result = read(fd, pointer, (nuint)buffer.Length);
            count = (int)Math.Max(result, 0);
            return Result(result);
        }
    }

    /// <summary>Writes <paramref name="message"/> with one write(2); a device takes all of it or fails.</summary>
    internal static Errno WriteOnce(SafeFd fd, ReadOnlySpan<byte> message)
    {
        fixed (byte* pointer = message)
        {
            return Result(write(fd, pointer, (nuint)message.Length));
        }
    }
}
