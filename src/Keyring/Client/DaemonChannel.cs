using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;

namespace StackFs.Keyring.Client;

/// <summary>
/// A connection to the daemon: sends and receives single messages, and never waits longer than it is told. One thread's
/// at a time.
/// </summary>
internal sealed class DaemonChannel : IDisposable
{
    /// <summary>A daemon that has not answered by then hangs.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan QueuePatience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(5);

    /// <summary>The first answer where a service manager listens, which may have to start the daemon, as at boot.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    private readonly byte[] _packet = new byte[Wire.MaximumMessage];
    private bool _mayStart;

    private DaemonChannel(SafeFd socket, bool mayStart)
    {
        Socket = socket;
        _mayStart = mayStart;
    }

    /// <summary>The connection, for poll(2).</summary>
    internal SafeFd Socket { get; }

    /// <summary>
    /// Connects, and checks whose daemon it is. Where others fill its queue, waits for a place; ETIMEDOUT when it accepts
    /// nobody.
    /// </summary>
    internal static Errno Connect(string path, out DaemonChannel? channel)
    {
        channel = null;
        long deadline = Environment.TickCount64 + (long)QueuePatience.TotalMilliseconds;
        Posix.Credentials peer = default;
        Errno error = Posix.Connect(path, out SafeFd socket);
        while (error == Errno.EAGAIN && Environment.TickCount64 < deadline)
        {
            socket.Dispose();
            Thread.Sleep(QueuePause);
            error = Posix.Connect(path, out socket);
        }

        if (error == Errno.None)
        {
            error = Posix.PeerCredentials(socket, out peer);
            bool ours = peer.User == Posix.EffectiveUser() || peer.User == 0;
            error = error == Errno.None && !ours ? Errno.EPERM : error;
        }

        if (error == Errno.None)
        {
            channel = new DaemonChannel(socket, IsServiceManager(peer.Process));
            return error;
        }

        socket.Dispose();
        return error == Errno.EAGAIN ? Errno.ETIMEDOUT : error;
    }

    /// <summary>Sends a message; EPROTO when the daemon is gone or does not take it.</summary>
    internal Errno Send(MessageWriter message, SafeFd? attached = null) =>
        Posix.Send(Socket, message.Packet, attached) == Errno.None ? Errno.None : Errno.EPROTO;

    /// <summary>Waits for a message and receives it.</summary>
    /// <param name="patience">How long to wait; zero takes what is there. ETIMEDOUT after it.</param>
    /// <param name="length">Bytes of the message, at <see cref="Packet"/>.</param>
    /// <param name="attached">A descriptor that came along, which the caller disposes.</param>
    internal Errno Receive(TimeSpan patience, out int length, out SafeFd? attached)
    {
        length = 0;
        attached = null;
        if (_mayStart && patience == Patience)
        {
            patience = StartPatience;
        }

        _mayStart = false;
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (true)
        {
            Errno error = Posix.Receive(Socket, _packet, out length, out attached);
            if (error != Errno.EAGAIN)
            {
                return error == Errno.None && length > 0 ? Errno.None : Errno.EPROTO;
            }

            long left = deadline - Environment.TickCount64;
            if (left <= 0)
            {
                return Errno.ETIMEDOUT;
            }

            Posix.PollEntry entry = new() { Descriptor = Socket.Number, Wanted = Posix.POLLIN };
            _ = Posix.Poll(new Span<Posix.PollEntry>(ref entry), (int)left); // The next receive says what came.
        }
    }

    /// <summary>The message received last.</summary>
    internal ReadOnlySpan<byte> Packet(int length) => _packet.AsSpan(0, length);

    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();

    /// <summary>Whether the process that listens, which SO_PEERCRED names, is systemd and not the daemon itself.</summary>
    private static bool IsServiceManager(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm") == "systemd\n";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // Hidden, or gone: a daemon's, then.
        }
    }
}
