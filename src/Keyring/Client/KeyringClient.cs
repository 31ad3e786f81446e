using System.Text;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Client;

/// <summary>
/// A connection to the keyring daemon for the requests of the command line. One thread's at a time. Nothing waits longer
/// than a second, but <see cref="Drop"/> and <see cref="Clear"/>, which wait for leases to come back.
/// </summary>
public sealed class KeyringClient : IDisposable
{
    private static readonly TimeSpan RemovalPatience = Wire.RecallTime + TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StartPause = TimeSpan.FromMilliseconds(20);

    private readonly DaemonChannel _channel;

    private KeyringClient(DaemonChannel channel) => _channel = channel;

    /// <summary>Connects to the daemon at <paramref name="socketPath"/>.</summary>
    /// <returns>See <see cref="KeyringReply.Error"/>.</returns>
    public static Errno Connect(string socketPath, out KeyringClient? client)
    {
        Errno error = DaemonChannel.Connect(socketPath, out DaemonChannel? channel);
        client = channel is null ? null : new KeyringClient(channel);
        return error;
    }

    /// <summary>Connects; where no daemon runs, has one started and waits for it, at most 3 seconds.</summary>
    /// <param name="socketPath">The daemon's socket.</param>
    /// <param name="start">Starts a daemon, without waiting for it.</param>
    /// <param name="client">The connection, which the caller disposes.</param>
    public static Errno ConnectOrStart(string socketPath, Action start, out KeyringClient? client)
    {
        ArgumentNullException.ThrowIfNull(start);
        Errno error = Connect(socketPath, out client);
        if (!IsAbsent(error))
        {
            return error;
        }

        start();
        long deadline = Environment.TickCount64 + (long)StartPatience.TotalMilliseconds;
        while (IsAbsent(error) && Environment.TickCount64 < deadline)
        {
            Thread.Sleep(StartPause);
            error = Connect(socketPath, out client);
        }

        return error;
    }

    /// <summary>Whether an error means that no daemon runs.</summary>
    public static bool IsAbsent(Errno error) => error is Errno.ENOENT or Errno.ECONNREFUSED;

    /// <summary>Hands the daemon a key to hold; harmless when it holds it already, but for the times.</summary>
    /// <param name="lease">The key; stays the caller's.</param>
    /// <param name="kind">What it was opened by.</param>
    /// <param name="volumePath">The lower directory, for lists.</param>
    /// <param name="lifetime">Seconds until it leaves; 0 for no limit.</param>
    /// <param name="idle">Seconds without use until it leaves; 0 for no limit.</param>
    /// <param name="wasThere">Whether the daemon held it already.</param>
    public KeyringReply Add(
        LocalVolumeKeyLease lease, SlotType kind, string volumePath, uint lifetime, uint idle, out bool wasThere)
    {
        ArgumentNullException.ThrowIfNull(lease);
        wasThere = false;
        using SecretPage? page = lease.MakeLoan();
        if (page is null)
        {
            return KeyringReply.Failed(Errno.ENOKEY);
        }

        MessageWriter request = new MessageWriter(MessageType.Add).Id(lease.Id).UInt32(lifetime).UInt32(idle)
            .Byte((byte)kind).Byte(0).UInt16(0).Text(Encoding.UTF8.GetBytes(volumePath), Wire.MaximumPath);
        KeyringReply reply = Ask(request, page.Memory, MessageType.Ok, DaemonChannel.Patience, out MessageReader body);
        wasThere = reply.IsOk && body.ReadByte() == 1;
        return reply.IsOk && !body.IsComplete ? KeyringReply.Failed(Errno.EPROTO) : reply;
    }

    /// <summary>The keys that the daemon holds, in the order of their ids.</summary>
    public KeyringReply List(out IReadOnlyList<KeyringEntry> entries)
    {
        List<KeyringEntry> all = [];
        entries = all;
        VolumeKeyId after = default;
        while (true)
        {
            KeyringReply reply = Ask(
                new MessageWriter(MessageType.Next).Id(after), null, MessageType.Ok, DaemonChannel.Patience,
                out MessageReader body);
            if (!reply.IsOk || body.AtEnd)
            {
                return reply;
            }

            KeyringEntry entry = KeyringEntry.Read(ref body);
            if (!body.IsComplete || string.CompareOrdinal(entry.Id.ToString(), after.ToString()) <= 0)
            {
                return KeyringReply.Failed(Errno.EPROTO);
            }

            all.Add(entry);
            after = entry.Id;
        }
    }

    /// <summary>Takes a key away: recalls its leases and waits until they are back, or their time is over.</summary>
    /// <param name="id">The key.</param>
    /// <param name="ifUnused">Refuse, as Busy, when a mount uses it.</param>
    /// <param name="notReturned">Leases that were not given back in time; their holders were cut off.</param>
    public KeyringReply Drop(VolumeKeyId id, bool ifUnused, out int notReturned) => Remove(
        new MessageWriter(MessageType.Drop).Id(id).Byte(ifUnused ? Wire.IfUnused : (byte)0), out notReturned);

    /// <summary>Takes every key away, as <see cref="Drop"/>.</summary>
    public KeyringReply Clear(out int notReturned) => Remove(new MessageWriter(MessageType.Clear), out notReturned);

    /// <summary>Sets a key's times anew, counted from now; 0 for no limit.</summary>
    /// <param name="id">The key.</param>
    /// <param name="lifetime">Seconds until it leaves.</param>
    /// <param name="idle">Seconds without use until it leaves.</param>
    public KeyringReply SetTimes(VolumeKeyId id, uint lifetime, uint idle)
    {
        KeyringReply reply = Ask(
            new MessageWriter(MessageType.Timeout).Id(id).UInt32(lifetime).UInt32(idle), null, MessageType.Ok,
            DaemonChannel.Patience, out MessageReader body);
        return reply.IsOk && !body.IsComplete ? KeyringReply.Failed(Errno.EPROTO) : reply;
    }

    /// <summary>
    /// A copy of a key for this process's own short work, such as <c>stackfs cat</c>: a lease that is given back when
    /// this method returns, and that a recall does not reach.
    /// </summary>
    /// <param name="id">The key.</param>
    /// <param name="lease">The key, held in this process, which the caller disposes.</param>
    public KeyringReply Borrow(VolumeKeyId id, out LocalVolumeKeyLease? lease)
    {
        KeyringReply reply = LeaseRequest.Send(_channel, id, "", wait: false, out lease);
        _channel.Dispose();
        return reply;
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    private KeyringReply Remove(MessageWriter request, out int notReturned)
    {
        notReturned = 0;
        KeyringReply reply = Ask(request, null, MessageType.Started, DaemonChannel.Patience, out MessageReader body);
        if (!reply.IsOk)
        {
            return reply;
        }

        Errno error = _channel.Receive(RemovalPatience, out int length, out SafeFd? attached);
        attached?.Dispose();
        if (error != Errno.None)
        {
            return KeyringReply.Failed(error);
        }

        body = new MessageReader(_channel.Packet(length));
        notReturned = body.ReadUInt16();
        return body.IsComplete && body.Type == MessageType.Ok ? reply : KeyringReply.Failed(Errno.EPROTO);
    }

    /// <summary>Sends a request and reads the first reply, which is a refusal or of the type expected.</summary>
    private KeyringReply Ask(
        MessageWriter request, SafeFd? attached, MessageType expected, TimeSpan patience, out MessageReader body)
    {
        body = default;
        Errno error = _channel.Send(request, attached);
        int length = 0;
        SafeFd? received = null;
        error = error == Errno.None ? _channel.Receive(patience, out length, out received) : error;
        received?.Dispose();
        if (error != Errno.None)
        {
            return KeyringReply.Failed(error);
        }

        body = new MessageReader(_channel.Packet(length));
        if (body.Type == MessageType.Refused)
        {
            uint reason = body.ReadUInt32();
            return body.IsComplete && reason != 0
                ? new KeyringReply(Errno.None, (RefusalReason)reason)
                : KeyringReply.Failed(Errno.EPROTO);
        }

        return body.Failed || body.Type != expected ? KeyringReply.Failed(Errno.EPROTO) : new KeyringReply();
    }
}
