using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Client;

/// <summary>
/// A volume key lent by the daemon (PROTOCOL.md, "Leases"). The key itself is in this process's secret memory, so that
/// using it costs no round trip; a thread listens for the daemon wanting it back, and takes it up again later.
/// </summary>
public sealed class KeyringLease : IVolumeKeyLease
{
    private const int RetryMilliseconds = 1000;
    private static readonly byte[] One = [1, 0, 0, 0, 0, 0, 0, 0];

    private readonly string _socketPath;
    private readonly string _mountPoint;
    private readonly ILeaseHolder _holder;
    private readonly SafeFd _stop;
    private readonly Thread _thread;
    private DaemonChannel? _channel;
    private volatile LocalVolumeKeyLease _key;
    private volatile bool _stopping;
    private int _used;
    private long _usedSentAt;

    private KeyringLease(
        string socketPath, string mountPoint, ILeaseHolder holder, SafeFd stop, DaemonChannel channel,
        LocalVolumeKeyLease key)
    {
        _socketPath = socketPath;
        _mountPoint = mountPoint;
        _holder = holder;
        _stop = stop;
        _channel = channel;
        _key = key;
        _thread = new Thread(Listen) { IsBackground = true, Name = "keyring lease" };
    }

    /// <inheritdoc/>
    public VolumeKeyId Id => _key.Id;

    /// <inheritdoc/>
    public bool IsRevoked => _key.IsRevoked;

    /// <summary>Takes a lease.</summary>
    /// <param name="socketPath">The daemon's socket.</param>
    /// <param name="id">The key.</param>
    /// <param name="mountPoint">Where it will be used, for lists.</param>
    /// <param name="holder">Who is told when the daemon wants it back.</param>
    /// <param name="lease">The lease, which the caller disposes; <see cref="Start"/> begins listening.</param>
    public static KeyringReply Take(
        string socketPath, VolumeKeyId id, string mountPoint, ILeaseHolder holder, out KeyringLease? lease)
    {
        lease = null;
        Errno error = DaemonChannel.Connect(socketPath, out DaemonChannel? channel);
        if (channel is null)
        {
            return KeyringReply.Failed(error);
        }

        KeyringReply reply = LeaseRequest.Send(channel, id, mountPoint, wait: false, out LocalVolumeKeyLease? key);
        if (key is not null && Posix.MakeEvent(out SafeFd stop) is var made && made == Errno.None)
        {
            lease = new KeyringLease(socketPath, mountPoint, holder, stop, channel, key);
            return reply;
        }

        key?.Dispose();
        channel.Dispose();
        return reply;
    }

    /// <summary>Begins to listen to the daemon, once the holder can be called.</summary>
    public void Start() => _thread.Start();

    /// <summary>Says that the key is in use, which its idle time counts from; cheap enough for every request.</summary>
    public void MarkUsed()
    {
        if (Volatile.Read(ref _used) == 0)
        {
            Volatile.Write(ref _used, 1);
        }
    }

    /// <inheritdoc/>
    public bool TryUnwrap(
        ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> additionalData, [NotNullWhen(true)] out SecretBuffer? key)
    {
        MarkUsed();
        return _key.TryUnwrap(wrapped, additionalData, out key);
    }

    /// <inheritdoc/>
    public bool Wrap(SecretBuffer key, ReadOnlySpan<byte> additionalData, Span<byte> wrapped)
    {
        MarkUsed();
        return _key.Wrap(key, additionalData, wrapped);
    }

    /// <inheritdoc/>
    public bool TryDerive(ReadOnlySpan<byte> label, int length, [NotNullWhen(true)] out SecretBuffer? key) =>
        _key.TryDerive(label, length, out key);

    /// <inheritdoc/>
    public bool TryMakeSlot(ISlotMaker maker, [NotNullWhen(true)] out KeySlot? slot) => _key.TryMakeSlot(maker, out slot);

    /// <summary>
    /// Wipes the key and gives the lease back. Waits for a <see cref="ILeaseHolder"/> call under way, unless it is made
    /// from one.
    /// </summary>
    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        _ = Posix.WriteAll(_stop, One); // Only a full counter fails, and then it is readable.
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _key.Dispose();
        _channel?.Dispose();
        _stop.Dispose();
    }

    private void Listen()
    {
        while (!_stopping)
        {
            if (_channel is null)
            {
                Reconnect();
                continue;
            }

            if (!WaitForMessage((int)Wire.UsedInterval.TotalMilliseconds))
            {
                SendUsed();
                continue;
            }

            if (!_stopping && !TryHandle(_channel))
            {
                _channel.Dispose();
                _channel = null;
            }
        }
    }

    /// <summary>Handles what came; false when the connection is of no more use.</summary>
    private bool TryHandle(DaemonChannel channel)
    {
        Errno error = channel.Receive(TimeSpan.Zero, out int length, out SafeFd? memory);
        using (memory)
        {
            if (error != Errno.None)
            {
                return error == Errno.ETIMEDOUT;
            }

            MessageReader reader = new(channel.Packet(length));
            switch (reader.Type)
            {
                case MessageType.Recall when reader.IsComplete:
                    GiveUp();
                    return channel.Send(new MessageWriter(MessageType.Released)) == Errno.None;
                case MessageType.Granted when reader.IsComplete:
                    return TryResume(LeaseRequest.Take(true, memory, Id));
                default:
                    return false;
            }
        }
    }

    private void GiveUp()
    {
        if (!_key.IsRevoked)
        {
            _holder.GiveBack();
            _key.Revoke();
        }
    }

    private bool TryResume(LocalVolumeKeyLease? key)
    {
        if (key is null)
        {
            return false;
        }

        if (!_key.IsRevoked)
        {
            key.Dispose(); // A daemon that came back in time: what is in use stays in use.
            return true;
        }

        _key = key;
        _holder.TakeUp();
        return true;
    }

    /// <summary>
    /// Connects again after the daemon went, and waits for the key there; gives the key up when that takes too long.
    /// </summary>
    private void Reconnect()
    {
        long deadline = Environment.TickCount64 + (long)Wire.ReconnectTime.TotalMilliseconds;
        while (!_stopping)
        {
            if (_channel is null && DaemonChannel.Connect(_socketPath, out DaemonChannel? channel) == Errno.None)
            {
                KeyringReply reply = LeaseRequest.Send(channel!, Id, _mountPoint, wait: true, out LocalVolumeKeyLease? key);
                if (key is not null && TryResume(key))
                {
                    _channel = channel;
                    return;
                }

                if (reply.Error == Errno.None)
                {
                    _channel = channel; // It waits there.
                }
                else
                {
                    channel!.Dispose();
                }
            }

            if (_key.IsRevoked && _channel is not null)
            {
                return;
            }

            if (Environment.TickCount64 >= deadline)
            {
                GiveUp();
            }

            if (WaitForMessage(RetryMilliseconds) && _channel is { } open)
            {
                if (!TryHandle(open))
                {
                    open.Dispose();
                    _channel = null;
                }
                else if (!_key.IsRevoked)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Waits for a message, the time, or the end; true for the first.</summary>
    private bool WaitForMessage(int milliseconds)
    {
        Span<Posix.PollEntry> entries = stackalloc Posix.PollEntry[2];
        entries[0] = new Posix.PollEntry { Descriptor = _stop.Number, Wanted = Posix.POLLIN };
        // A negative descriptor is skipped by poll(2).
        entries[1] = new Posix.PollEntry { Descriptor = _channel?.Socket.Number ?? -1, Wanted = Posix.POLLIN };
        Errno error = Posix.Poll(entries, milliseconds);
        return error == Errno.None && entries[1].Seen != 0;
    }

    private void SendUsed()
    {
        long now = Environment.TickCount64;
        if (now - _usedSentAt >= Wire.UsedInterval.TotalMilliseconds && Interlocked.Exchange(ref _used, 0) == 1)
        {
            _usedSentAt = now;
            // A failure shows at the next receive.
            _ = _channel!.Send(new MessageWriter(MessageType.Used));
        }
    }
}
