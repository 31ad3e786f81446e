using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Daemon;

/// <summary>
/// The keys held, who waits for them, and how they leave. One thread's; it sends to connections, and closes none itself
/// but marks them.
/// </summary>
internal sealed class KeyTable(ServiceManager manager, TimeSpan recallTime)
{
    private readonly Dictionary<VolumeKeyId, HeldKey> _keys = [];
    private readonly long _recall = (long)recallTime.TotalMilliseconds;

    internal IReadOnlyCollection<HeldKey> Keys => _keys.Values;

    internal bool IsFull => _keys.Count >= Wire.MaximumKeys;

    internal bool TryGet(VolumeKeyId id, [NotNullWhen(true)] out HeldKey? key) => _keys.TryGetValue(id, out key);

    /// <summary>The key whose id follows, as byte strings, or null.</summary>
    internal HeldKey? After(VolumeKeyId id)
    {
        string after = id.ToString();
        return _keys.Values
            .Where(key => string.CompareOrdinal(key.Id.ToString(), after) > 0)
            .MinBy(key => key.Id.ToString(), StringComparer.Ordinal);
    }

    /// <summary>Takes a key that the service manager kept; it is wiped when there is one of that name.</summary>
    internal void Restore(HeldKey key)
    {
        if (!_keys.TryAdd(key.Id, key))
        {
            key.Dispose();
        }
    }

    /// <summary>Takes a new key, and lends it to those who wait for it.</summary>
    internal void Add(HeldKey key, IEnumerable<Connection> connections, long now)
    {
        _keys.Add(key.Id, key);
        manager.Store(key);
        foreach (Connection connection in connections)
        {
            if (connection.IsWaiting && connection.WaitsFor == key.Id)
            {
                Lend(key, connection, new MessageWriter(MessageType.Granted), now);
            }
        }
    }

    /// <summary>Gives a lease: <paramref name="message"/> goes with the key.</summary>
    internal void Lend(HeldKey key, Connection connection, MessageWriter message, long now)
    {
        connection.IsWaiting = false;
        connection.Lease = key;
        connection.Loan = key.MakeLoan();
        key.Leases.Add(connection);
        key.MarkUsed(now);
        if (!connection.Send(message, connection.Loan.Memory))
        {
            Return(connection, now);
        }
    }

    /// <summary>A lease is back, or its holder gone.</summary>
    internal void Return(Connection connection, long now)
    {
        if (connection.Lease is { } key)
        {
            connection.Lease = null;
            connection.EndLoan();
            key.Leases.Remove(connection);
            key.MarkUsed(now);
            FinishIfUnused(key);
        }
    }

    /// <summary>Begins to take a key away: recalls its leases. A request, if any, is answered when it is gone.</summary>
    internal void Leave(HeldKey key, PendingRemoval? removal, long now)
    {
        if (removal is not null)
        {
            removal.KeysLeft++;
            key.Removals.Add(removal);
        }

        if (key.State == KeyState.Held)
        {
            key.Leave(now);
            foreach (Connection holder in key.Leases.ToArray())
            {
                if (!holder.Send(new MessageWriter(MessageType.Recall)))
                {
                    Return(holder, now);
                }
            }
        }

        FinishIfUnused(key);
    }

    /// <summary>Takes away the keys whose time has run out, and those whose leases have not come back in time.</summary>
    internal void Expire(long now)
    {
        foreach (HeldKey key in _keys.Values.ToArray())
        {
            if (now < key.Deadline(_recall))
            {
                continue;
            }

            if (key.State == KeyState.Held)
            {
                Leave(key, null, now);
                continue;
            }

            foreach (Connection holder in key.Leases.ToArray())
            {
                key.Removals.ForEach(removal => removal.NotReturned++);
                holder.Close();
                Return(holder, now);
            }
        }
    }

    /// <summary>When <see cref="Expire"/> has something to do.</summary>
    internal long NextDeadline() => _keys.Values.Select(key => key.Deadline(_recall)).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>Ends with the process: the keys stay where the service manager keeps them, and are wiped elsewhere.</summary>
    internal void End()
    {
        if (!manager.KeepsKeys)
        {
            foreach (HeldKey key in _keys.Values)
            {
                key.Dispose();
            }
        }

        _keys.Clear();
    }

    private void FinishIfUnused(HeldKey key)
    {
        if (key.State != KeyState.Leaving || key.Leases.Count > 0 || !_keys.Remove(key.Id))
        {
            return;
        }

        manager.Remove(key);
        key.Dispose();
        foreach (PendingRemoval removal in key.Removals)
        {
            removal.KeysLeft--;
            Answer(removal);
        }
    }

    /// <summary>Answers a Drop or Clear when all its keys are gone.</summary>
    internal static void Answer(PendingRemoval removal)
    {
        if (removal.KeysLeft == 0 && removal.Requester.Removal == removal)
        {
            removal.Requester.Removal = null;
            removal.Requester.Send(new MessageWriter(MessageType.Ok).UInt16(removal.NotReturned));
        }
    }
}
