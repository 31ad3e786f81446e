using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>A pair of Unix sockets, and a descriptor received through one (unix(7), SCM_RIGHTS).</content>
internal static unsafe partial class Libc
{
    private const int FamilyUnix = 1;
    private const int SocketStream = 1;
    private const int SocketLevel = 1;
    private const int ScmRights = 1;
    private const int SocketCloseOnExec = OpenFlags.CloseOnExec;
    private const int ReceiveCloseOnExec = 0x40000000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* descriptors);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(SafeFd socket, MessageHeader* message, int flags);

    /// <summary>Two connected stream sockets, both close-on-exec.</summary>
    internal static Errno SocketPair(out SafeFd? first, out SafeFd? second)
    {
        int* descriptors = stackalloc int[2];
        Errno error = Result(socketpair(FamilyUnix, SocketStream | SocketCloseOnExec, 0, descriptors));
        first = error == Errno.None ? new SafeFd(descriptors[0]) : null;
        second = error == Errno.None ? new SafeFd(descriptors[1]) : null;
        return error;
    }

    /// <summary>
    /// Waits for one message that carries a descriptor, which becomes close-on-exec and the caller's. Retried on EINTR.
    /// </summary>
    /// <returns>ENODATA when the other end closed, or sent a message without a descriptor.</returns>
    internal static Errno ReceiveDescriptor(SafeFd socket, out SafeFd? descriptor)
    {
        descriptor = null;
        byte payload;
        var segment = new IoSegment { Base = &payload, Length = 1 };
        ControlMessage control = default;
        var message = new MessageHeader
        {
            Segments = &segment,
            SegmentCount = 1,
            Control = &control,
            ControlLength = (nuint)sizeof(ControlMessage),
        };
        nint result;
        do
        {
            result = recvmsg(socket, &message, ReceiveCloseOnExec);
        }
        while (Interrupted(result));

        if (result < 0)
        {
            return LastError;
        }

        const int lengthOfOneDescriptor = 16 + sizeof(int);
        if (message.ControlLength < lengthOfOneDescriptor || control.Level != SocketLevel || control.Type != ScmRights)
        {
            return Errno.ENODATA;
        }

        descriptor = new SafeFd(control.Descriptor);
        return Errno.None;
    }

    /// <summary>struct msghdr of a 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHeader
    {
        internal byte* Name;
        internal uint NameLength;
        internal uint Padding;
        internal IoSegment* Segments;
        internal nuint SegmentCount;
        internal ControlMessage* Control;
        internal nuint ControlLength;
        internal int Flags;
        internal uint Padding2;
    }

    /// <summary>struct cmsghdr of a 64-bit Linux, with one descriptor behind it, padded to 8 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlMessage
    {
        internal nuint Length;
        internal int Level;
        internal int Type;
        internal int Descriptor;
        internal uint Padding;
    }
}
