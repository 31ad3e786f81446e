using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;

namespace StackFs.Keyring.Daemon;

/// <summary>
/// The keyring daemon: holds volume keys for one user and lends them to mounts (PROTOCOL.md). One thread waits on all
/// connections; no client can make it wait, and nothing it keeps for a client is unbounded.
/// </summary>
public sealed class KeyringDaemon : IDisposable
{
    private const int LongestWait = 5000; // poll(2) does not count sleep; this bounds how late a key leaves after it.
    private const int LeastWait = 10;
    private const int MostAcceptedAtOnce = 64;
    private const int DeafMilliseconds = 100;
    private static readonly byte[] One = [1, 0, 0, 0, 0, 0, 0, 0];

    private readonly string _directory;
    private readonly SafeFd _stop;
    private readonly SafeFd? _lock;
    private readonly ServiceManager _manager;
    private readonly KeyTable _table;
    private readonly List<Connection> _connections = [];
    private readonly RequestHandler _handler;
    private readonly byte[] _packet = new byte[Wire.MaximumMessage];
    private readonly uint _user = Posix.EffectiveUser();
    private SafeFd _listener;
    private long _deafUntil;
    private long _usedAt;

    private KeyringDaemon(
        string directory, SafeFd listener, SafeFd stop, SafeFd? held, ServiceManager manager, TimeSpan recallTime)
    {
        _directory = directory;
        _listener = listener;
        _stop = stop;
        _lock = held;
        _manager = manager;
        _table = new KeyTable(manager, recallTime);
        _handler = new RequestHandler(_table, _connections);
    }

    /// <summary>
    /// <see cref="Run"/> ends when no key was held and nobody connected for so long; null for never. To be set before it.
    /// </summary>
    public TimeSpan? LeavesAfter { get; set; }

    /// <summary>Whether the socket came from the service manager, which starts another daemon for who connects later.</summary>
    public bool IsActivated => _lock is null;

    /// <summary>
    /// Opens the daemon's socket: the one that systemd handed over, or a new one in <paramref name="directory"/>.
    /// </summary>
    /// <param name="directory">See <see cref="KeyringPaths.Directory"/>; made with mode 0700.</param>
    /// <param name="daemon">The daemon, to be <see cref="Run"/>.</param>
    /// <returns>EALREADY when one is running there; EPERM when the directory is somebody else's or open to others.</returns>
    public static Errno Open(string directory, out KeyringDaemon? daemon) =>
        Open(directory, Wire.RecallTime, out daemon);

    /// <summary>As <see cref="Open(string, out KeyringDaemon?)"/>, with the time that leases have to come back.</summary>
    internal static Errno Open(string directory, TimeSpan recallTime, out KeyringDaemon? daemon)
    {
        daemon = null;
        ServiceManager manager = ServiceManager.FromEnvironment();
        SafeFd? held = null;
        SafeFd? listener = manager.Listener;
        Errno error = listener is null ? DaemonSocket.Open(directory, out listener, out held) : Errno.None;
        error = error == Errno.None ? Posix.MakeEvent(out SafeFd stop) : DaemonSocket.None(error, out stop);
        if (error != Errno.None || listener is null)
        {
            listener?.Dispose();
            held?.Dispose();
            stop.Dispose();
            manager.Dispose();
            return error;
        }

        daemon = new KeyringDaemon(directory, listener, stop, held, manager, recallTime);
        return Errno.None;
    }

    /// <summary>Serves until <see cref="Stop"/>; then wipes every key that no service manager keeps.</summary>
    public void Run()
    {
        foreach (HeldKey key in _manager.Pages.Select(page => HeldKey.TryRestore(page, Now())).OfType<HeldKey>())
        {
            _table.Restore(key);
        }

        _manager.Ready();
        _usedAt = Now();
        while (WaitAndServe())
        {
            long now = Now();
            _table.Expire(now);
            CloseSilent(now);
            Sweep(now);
            if (now >= LeaveTime(now) && TryLeave(now))
            {
                break;
            }
        }

        _manager.Stopping();
        _connections.ForEach(connection => connection.Dispose());
        _connections.Clear();
        _table.End();
    }

    /// <summary>Ends <see cref="Run"/>; from any thread.</summary>
    public void Stop() => _ = Posix.WriteAll(_stop, One); // Only a full counter fails, and then it is readable.

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        _stop.Dispose();
        _lock?.Dispose();
        _manager.Dispose();
    }

    private static long Now() => Posix.BootMilliseconds();

    /// <summary>Waits for something to do and does it; false when it is time to stop.</summary>
    private bool WaitAndServe()
    {
        Posix.PollEntry[] entries = new Posix.PollEntry[_connections.Count + 2];
        entries[0] = new Posix.PollEntry { Descriptor = _stop.Number, Wanted = Posix.POLLIN };
        // A negative descriptor is skipped by poll(2).
        int listener = Now() < _deafUntil ? -1 : _listener.Number;
        entries[1] = new Posix.PollEntry { Descriptor = listener, Wanted = Posix.POLLIN };
        for (int i = 0; i < _connections.Count; i++)
        {
            entries[i + 2] = new Posix.PollEntry { Descriptor = _connections[i].Socket.Number, Wanted = Posix.POLLIN };
        }

        Errno error = Posix.Poll(entries, WaitTime());
        if (error != Errno.None)
        {
            throw new InvalidOperationException($"poll failed: {error}");
        }

        long now = Now();
        for (int i = 2; i < entries.Length; i++)
        {
            if (entries[i].Seen != 0)
            {
                Serve(_connections[i - 2], now);
            }
        }

        if (entries[1].Seen != 0)
        {
            Accept(now);
        }

        return entries[0].Seen == 0;
    }

    private int WaitTime()
    {
        long now = Now();
        long next = Math.Min(_table.NextDeadline(), LeaveTime(now));
        next = now < _deafUntil ? Math.Min(next, _deafUntil) : next;
        foreach (Connection connection in _connections.Where(connection => !connection.MayBeSilent))
        {
            next = Math.Min(next, connection.HeardAt + (long)Wire.SilenceTime.TotalMilliseconds);
        }

        return next == long.MaxValue ? -1 : (int)Math.Clamp(next - now, LeastWait, LongestWait);
    }

    /// <summary>When this daemon ends for want of work, as things are.</summary>
    private long LeaveTime(long now)
    {
        if (_connections.Count > 0 || _table.Keys.Count > 0)
        {
            _usedAt = now;
        }

        return LeavesAfter is { } time ? _usedAt + (long)time.TotalMilliseconds : long.MaxValue;
    }

    /// <summary>
    /// Stops listening for good, unless somebody connects at that very moment: nobody's connection is dropped, and who
    /// comes later is refused and starts another daemon.
    /// </summary>
    private bool TryLeave(long now)
    {
        if (IsActivated)
        {
            return true; // The service manager goes on listening.
        }

        _ = Posix.StopListening(_listener); // Fails for what is no socket only.
        Accept(now);
        if (_connections.Count == 0 || DaemonSocket.OpenAgain(_directory, out SafeFd? listener) != Errno.None)
        {
            return true;
        }

        _listener.Dispose();
        _listener = listener!;
        return false;
    }

    private void Accept(long now)
    {
        for (int i = 0; i < MostAcceptedAtOnce; i++)
        {
            Errno error = Posix.Accept(_listener, out SafeFd socket);
            if (error != Errno.None)
            {
                socket.Dispose();
                RestFrom(error, now);
                return;
            }

            // Somebody else's, or there is no place: closed without a word.
            if (Posix.PeerCredentials(socket, out Posix.Credentials peer) == Errno.None
                && (peer.User == _user || peer.User == 0)
                && MakePlace())
            {
                _connections.Add(new Connection(socket, peer, now));
            }
            else
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>
    /// Where no descriptor is left for who waits, the silent make place; where none can, nobody is accepted for a while.
    /// </summary>
    private void RestFrom(Errno error, long now)
    {
        if (error is Errno.EMFILE or Errno.ENFILE or Errno.ENOBUFS or Errno.ENOMEM && !CloseOne())
        {
            _deafUntil = now + DeafMilliseconds;
        }
    }

    private bool MakePlace() => _connections.Count < Wire.MaximumConnections || CloseOne();

    /// <summary>Closes the connection that has been silent longest and can be spared.</summary>
    private bool CloseOne()
    {
        // One that waits for a key connects again by itself.
        Connection? victim = _connections.Where(connection => connection is { Lease: null, Removal: null })
            .OrderBy(connection => connection.IsWaiting).ThenBy(connection => connection.HeardAt).FirstOrDefault();
        if (victim is null)
        {
            return false;
        }

        victim.Dispose();
        return _connections.Remove(victim);
    }

    private void Serve(Connection client, long now)
    {
        if (client.IsClosed)
        {
            return;
        }

        Errno error = Posix.Receive(client.Socket, _packet, out int length, out SafeFd? attached);
        using (attached)
        {
            if (error == Errno.EAGAIN)
            {
                return;
            }

            if (error != Errno.None || length == 0)
            {
                client.Close();
                return;
            }

            try
            {
                _handler.Handle(client, _packet.AsSpan(0, length), attached, now);
            }
            catch (Secrets.SecretMemoryException)
            {
                client.Close(); // No memory can be locked: this request fails, what is held stays held.
            }
        }
    }

    private void CloseSilent(long now)
    {
        foreach (Connection connection in _connections)
        {
            if (!connection.MayBeSilent && now - connection.HeardAt >= Wire.SilenceTime.TotalMilliseconds)
            {
                connection.Close();
            }
        }
    }

    /// <summary>Forgets closed connections; a lease of theirs is back, which may finish a key and close others.</summary>
    private void Sweep(long now)
    {
        for (int i = _connections.Count - 1; i >= 0; i--)
        {
            Connection connection = _connections[i];
            if (connection.IsClosed)
            {
                connection.Removal = null;
                _table.Return(connection, now);
                connection.Dispose();
                _connections.RemoveAt(i);
            }
        }
    }
}
