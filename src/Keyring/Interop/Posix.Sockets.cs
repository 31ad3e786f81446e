using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>Unix sockets that carry packets and descriptors: socket(2), sendmsg(2), recvmsg(2), poll(2).</summary>
internal static unsafe partial class Posix
{
    /// <summary>poll(2): there is something to read, or the other end is gone.</summary>
    internal const short POLLIN = 1;

    /// <summary>poll(2): writing would not block, or a connect has ended.</summary>
    internal const short POLLOUT = 4;

    private const int AF_UNIX = 1;
    private const int SOCK_DGRAM = 2;
    private const int SOCK_SEQPACKET = 5;
    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_TYPE = 3;
    private const int SO_ERROR = 4;
    private const int SO_PEERCRED = 17;
    private const int SO_ACCEPTCONN = 30;
    private const int SCM_RIGHTS = 1;
    private const int SHUT_RDWR = 2;
    private const int MSG_CTRUNC = 0x8;
    private const int MSG_TRUNC = 0x20;
    private const int MSG_DONTWAIT = 0x40;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const int ControlHeaderLength = 16;
    private const int ControlLength = 24; // CMSG_SPACE of one descriptor; two fit as well.
    private const int PathOffset = 2;
    private const int LongestSocketPath = 107;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int option, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    /// <summary>A packet socket that listens at a path, non-blocking.</summary>
    internal static Errno Listen(string path, int backlog, out SafeFd fd)
    {
        Errno error = Socket(SOCK_SEQPACKET, out fd);
        byte* address = stackalloc byte[PathOffset + LongestSocketPath + 1];
        bool fits = TryAddress(path, address, out uint length);
        error = error == Errno.None && !fits ? Errno.ENAMETOOLONG : error;
        error = error == Errno.None ? Check(bind(fd.Number, address, length)) : error;

        return error == Errno.None ? Check(listen(fd.Number, backlog)) : error;
    }

    /// <summary>accept4(2), non-blocking and close-on-exec.</summary>
    internal static Errno Accept(SafeFd listener, out SafeFd fd)
    {
        int result = accept4(listener.Number, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
        Errno error = Check(result);
        fd = new SafeFd(result);
        return error;
    }

    /// <summary>
    /// shutdown(2) of a listening socket: from here connect(2) answers ECONNREFUSED, while connections that were made
    /// before can still be accepted.
    /// </summary>
    internal static Errno StopListening(SafeFd listener) => Check(shutdown(listener.Number, SHUT_RDWR));

    /// <summary>Connects a packet socket within a time; EAGAIN when the listener's queue is full.</summary>
    internal static Errno Connect(string path, out SafeFd fd)
    {
        Errno error = Socket(SOCK_SEQPACKET, out fd);
        return error == Errno.None ? ConnectTo(path, fd) : error;
    }

    /// <summary>A datagram socket connected to a path, or to an abstract name that begins with '@': sd_notify(3).</summary>
    internal static Errno ConnectDatagram(string path, out SafeFd fd)
    {
        Errno error = Socket(SOCK_DGRAM, out fd);
        return error == Errno.None ? ConnectTo(path, fd) : error;
    }

    /// <summary>
    /// Sends one packet, with a descriptor or without; never waits: EAGAIN when the other end does not take it.
    /// </summary>
    internal static Errno Send(SafeFd fd, ReadOnlySpan<byte> packet, SafeFd? attached)
    {
        byte* control = stackalloc byte[ControlLength];
        fixed (byte* bytes = packet)
        {
            IoVector vector = new() { Start = bytes, Length = (nuint)packet.Length };
            MessageHeader message = new() { Vectors = &vector, VectorCount = 1 };
            if (attached is not null)
            {
                new Span<byte>(control, ControlLength).Clear();
                *(nuint*)control = ControlHeaderLength + sizeof(int);
                ((int*)control)[2] = SOL_SOCKET;
                ((int*)control)[3] = SCM_RIGHTS;
                ((int*)control)[4] = attached.Number;
                message.Control = control;
                message.ControlLength = ControlLength;
            }

            Errno error;
            do
            {
                error = sendmsg(fd.Number, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? LastError() : Errno.None;
            }
            while (error == Errno.EINTR);
            GC.KeepAlive(fd);
            GC.KeepAlive(attached);
            return error;
        }
    }

    /// <summary>
    /// Receives one packet without waiting. EMSGSIZE when it is longer than the buffer or carries more than one
    /// descriptor, all of which are closed then; zero bytes when the other end is gone.
    /// </summary>
    internal static Errno Receive(SafeFd fd, Span<byte> buffer, out int length, out SafeFd? attached)
    {
        byte* control = stackalloc byte[ControlLength];
        attached = null;
        fixed (byte* bytes = buffer)
        {
            IoVector vector = new() { Start = bytes, Length = (nuint)buffer.Length };
            MessageHeader message = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ControlLength,
            };
            nint result;
            Errno error;
            do
            {
                result = recvmsg(fd.Number, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
                error = result < 0 ? LastError() : Errno.None;
            }
            while (error == Errno.EINTR);
            GC.KeepAlive(fd);
            length = (int)Math.Max(result, 0);
            if (error != Errno.None)
            {
                return error;
            }

            bool one = TakeDescriptors(message, ref attached);
            if (one && (message.Flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
            {
                return Errno.None;
            }

            attached?.Dispose();
            attached = null;
            return Errno.EMSGSIZE;
        }
    }

    /// <summary>SO_PEERCRED: who connected, or who listens, as it was at that moment.</summary>
    internal static Errno PeerCredentials(SafeFd fd, out Credentials credentials)
    {
        uint length = (uint)sizeof(Credentials);
        fixed (Credentials* p = &credentials)
        {
            return Check(getsockopt(fd.Number, SOL_SOCKET, SO_PEERCRED, p, &length));
        }
    }

    /// <summary>Whether a descriptor that was handed to this process is a listening packet socket.</summary>
    internal static bool IsPacketListener(SafeFd fd) =>
        SocketOption(fd, SO_TYPE) == SOCK_SEQPACKET && SocketOption(fd, SO_ACCEPTCONN) == 1;

    /// <summary>poll(2); a negative time waits for ever. EINTR counts as nothing ready.</summary>
    internal static Errno Poll(Span<PollEntry> entries, int milliseconds)
    {
        fixed (PollEntry* p = entries)
        {
            Errno error = Check(poll(p, (nuint)entries.Length, milliseconds));
            return error == Errno.EINTR ? Errno.None : error;
        }
    }

    /// <summary>eventfd(2), non-blocking: made readable by writing 8 bytes, which a signal handler's thread may do.</summary>
    internal static Errno MakeEvent(out SafeFd fd)
    {
        int result = eventfd(0, SOCK_CLOEXEC | SOCK_NONBLOCK); // EFD_CLOEXEC, EFD_NONBLOCK: the same bits.
        Errno error = Check(result);
        fd = new SafeFd(result);
        return error;
    }

    private static bool TakeDescriptors(in MessageHeader message, ref SafeFd? attached)
    {
        if (message.ControlLength < ControlHeaderLength + sizeof(int))
        {
            return true;
        }

        int* header = (int*)message.Control;
        if (header[2] != SOL_SOCKET || header[3] != SCM_RIGHTS)
        {
            return false;
        }

        int count = (int)((*(nuint*)message.Control - ControlHeaderLength) / sizeof(int));
        attached = new SafeFd(header[4]);
        for (int i = 1; i < count; i++)
        {
            new SafeFd(header[4 + i]).Dispose();
        }

        return count == 1;
    }

    private static int SocketOption(SafeFd fd, int option)
    {
        int value;
        uint length = sizeof(int);
        return getsockopt(fd.Number, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
    }

    private static Errno Socket(int type, out SafeFd fd)
    {
        int result = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        Errno error = Check(result);
        fd = new SafeFd(result);
        return error;
    }

    private static Errno ConnectTo(string path, SafeFd fd)
    {
        byte* address = stackalloc byte[PathOffset + LongestSocketPath + 1];
        return TryAddress(path, address, out uint length)
            ? Check(connect(fd.Number, address, length))
            : Errno.ENAMETOOLONG;
    }

    /// <summary><c>struct sockaddr_un</c>: the family, then the path with its NUL, or an abstract name after one.</summary>
    private static bool TryAddress(string path, byte* address, out uint length)
    {
        byte[] bytes = Utf8(path);
        length = (uint)(PathOffset + bytes.Length);
        if (bytes.Length - 1 > LongestSocketPath)
        {
            return false;
        }

        *(ushort*)address = AF_UNIX;
        bytes.CopyTo(new Span<byte>(address + PathOffset, LongestSocketPath + 1));
        if (path.StartsWith('@'))
        {
            address[PathOffset] = 0;
            length--;
        }

        return true;
    }

    /// <summary><c>struct ucred</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Credentials
    {
        /// <summary>Process.</summary>
        public int Process;

        /// <summary>Effective user.</summary>
        public uint User;

        /// <summary>Effective group.</summary>
        public uint Group;
    }

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        /// <summary>The descriptor.</summary>
        public int Descriptor;

        /// <summary>What is waited for.</summary>
        public short Wanted;

        /// <summary>What has come; errors and hang-ups also when they were not waited for.</summary>
        public short Seen;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        private readonly uint _padding;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
        private readonly uint _endPadding;
    }
}
