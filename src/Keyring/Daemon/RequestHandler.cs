using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Daemon;

/// <summary>
/// Acts on one message of a client (PROTOCOL.md). A message that is not what its type says closes the connection, with
/// nothing of it done.
/// </summary>
internal sealed class RequestHandler(KeyTable table, IReadOnlyList<Connection> connections)
{
    /// <summary>Handles a packet; the attached descriptor is the caller's to close.</summary>
    internal void Handle(Connection client, ReadOnlySpan<byte> packet, SafeFd? attached, long now)
    {
        client.HeardAt = now;
        MessageReader reader = new(packet);
        bool understood = !reader.Failed && (attached is null || reader.Type == MessageType.Add) && reader.Type switch
        {
            MessageType.Released => Released(client, ref reader, now),
            MessageType.Used => Used(client, ref reader, now),
            _ => client.Lease is null && client.Removal is null && !client.IsWaiting
                && Request(client, ref reader, attached, now),
        };
        if (!understood)
        {
            client.Close();
        }
    }

    private static void Refuse(Connection client, RefusalReason reason) =>
        client.Send(new MessageWriter(MessageType.Refused).UInt32((uint)reason));

    private bool Request(Connection client, ref MessageReader reader, SafeFd? attached, long now) => reader.Type switch
    {
        MessageType.Add => Add(client, ref reader, attached, now),
        MessageType.Next => Next(client, ref reader, now),
        MessageType.Drop => Drop(client, ref reader, now),
        MessageType.Clear => Clear(client, ref reader, now),
        MessageType.Timeout => Timeout(client, ref reader, now),
        MessageType.Lease => Lease(client, ref reader, now),
        _ => false,
    };

    private bool Add(Connection client, ref MessageReader reader, SafeFd? attached, long now)
    {
        VolumeKeyId id = reader.ReadId();
        uint lifetime = reader.ReadUInt32();
        uint idle = reader.ReadUInt32();
        byte kind = reader.ReadByte();
        reader.ReadReserved(3);
        ReadOnlySpan<byte> path = reader.ReadText(Wire.MaximumPath);
        if (!reader.IsComplete)
        {
            return false;
        }

        bool known = table.TryGet(id, out HeldKey? key);
        RefusalReason reason = RefusalReason.None;
        if (known && key!.State == KeyState.Leaving)
        {
            reason = RefusalReason.Leaving;
        }
        else if (!known)
        {
            reason = table.IsFull ? RefusalReason.Full : TryMake(client, id, kind, path, attached, out key);
        }

        if (reason != RefusalReason.None)
        {
            Refuse(client, reason);
            return true;
        }

        key!.SetTimes(lifetime, idle, now);
        if (!known)
        {
            table.Add(key, connections, now);
        }

        client.Send(new MessageWriter(MessageType.Ok).Byte(known ? (byte)1 : (byte)0));
        return true;
    }

    private static RefusalReason TryMake(
        Connection client, VolumeKeyId id, byte kind, ReadOnlySpan<byte> path, SafeFd? attached, out HeldKey? key)
    {
        key = null;
        if (attached is null || Posix.DuplicatePrivate(attached.Number, out SafeFd memory) != Errno.None)
        {
            return RefusalReason.BadKey;
        }

        using SecretPage? sent = SecretPage.TryOpen(memory, wipes: false);
        key = sent is null ? null : HeldKey.TryAdd(sent, id, kind, client.Peer.User, path);
        return key is null ? RefusalReason.BadKey : RefusalReason.None;
    }

    private bool Next(Connection client, ref MessageReader reader, long now)
    {
        VolumeKeyId id = reader.ReadId();
        if (!reader.IsComplete)
        {
            return false;
        }

        MessageWriter reply = new(MessageType.Ok);
        if (table.After(id) is { } key)
        {
            Describe(key, reply, now);
        }

        client.Send(reply);
        return true;
    }

    private static void Describe(HeldKey key, MessageWriter reply, long now)
    {
        int listed = Math.Min(key.Leases.Count, Wire.MaximumListedLeases);
        reply.Id(key.Id).Byte(key.Kind).Byte((byte)key.State).UInt16(0).UInt32(key.Owner)
            .UInt32(key.Age(now)).UInt32(key.LifetimeLeft(now)).UInt32(key.IdleLeft(now))
            .Text(key.VolumePath, Wire.MaximumPath).UInt16(key.Leases.Count).UInt16(listed);
        foreach (Connection holder in key.Leases.Take(listed))
        {
            reply.UInt32((uint)holder.Peer.Process).Text(holder.MountPoint, Wire.MaximumListedPath);
        }
    }

    private bool Drop(Connection client, ref MessageReader reader, long now)
    {
        VolumeKeyId id = reader.ReadId();
        byte flags = reader.ReadByte();
        if (!reader.IsComplete || (flags & ~Wire.IfUnused) != 0)
        {
            return false;
        }

        if (!table.TryGet(id, out HeldKey? key))
        {
            Refuse(client, RefusalReason.NoKey);
        }
        else if ((flags & Wire.IfUnused) != 0 && key.Leases.Count > 0)
        {
            Refuse(client, RefusalReason.Busy);
        }
        else
        {
            Remove(client, [key], now);
        }

        return true;
    }

    private bool Clear(Connection client, ref MessageReader reader, long now)
    {
        if (!reader.IsComplete)
        {
            return false;
        }

        Remove(client, [.. table.Keys], now);
        return true;
    }

    private void Remove(Connection client, HeldKey[] keys, long now)
    {
        PendingRemoval removal = new(client);
        client.Removal = removal;
        client.Send(new MessageWriter(MessageType.Started).UInt16(keys.Sum(key => key.Leases.Count)));
        removal.KeysLeft = 1; // Not answered before all have been begun.
        foreach (HeldKey key in keys)
        {
            table.Leave(key, removal, now);
        }

        removal.KeysLeft--;
        KeyTable.Answer(removal);
    }

    private bool Timeout(Connection client, ref MessageReader reader, long now)
    {
        VolumeKeyId id = reader.ReadId();
        uint lifetime = reader.ReadUInt32();
        uint idle = reader.ReadUInt32();
        if (!reader.IsComplete)
        {
            return false;
        }

        if (!table.TryGet(id, out HeldKey? key) || key.State == KeyState.Leaving)
        {
            Refuse(client, key is null ? RefusalReason.NoKey : RefusalReason.Leaving);
            return true;
        }

        key.SetTimes(lifetime, idle, now);
        client.Send(new MessageWriter(MessageType.Ok));
        return true;
    }

    private bool Lease(Connection client, ref MessageReader reader, long now)
    {
        VolumeKeyId id = reader.ReadId();
        byte flags = reader.ReadByte();
        reader.ReadReserved(3);
        byte[] mountPoint = reader.ReadText(Wire.MaximumPath).ToArray();
        if (!reader.IsComplete || (flags & ~Wire.Wait) != 0)
        {
            return false;
        }

        client.MountPoint = mountPoint;
        if (table.TryGet(id, out HeldKey? key) && key.State == KeyState.Held)
        {
            table.Lend(key, client, new MessageWriter(MessageType.Ok), now);
            return true;
        }

        client.IsWaiting = (flags & Wire.Wait) != 0;
        client.WaitsFor = id;
        Refuse(client, key is null ? RefusalReason.NoKey : RefusalReason.Leaving);
        return true;
    }

    private bool Released(Connection client, ref MessageReader reader, long now)
    {
        if (!reader.IsComplete || client.Lease is not { } key)
        {
            return false;
        }

        client.IsWaiting = true;
        client.WaitsFor = key.Id;
        table.Return(client, now);
        return true;
    }

    private static bool Used(Connection client, ref MessageReader reader, long now)
    {
        client.Lease?.MarkUsed(now);
        return reader.IsComplete && (client.Lease is not null || client.IsWaiting);
    }
}
