namespace StackFs.Lower;

/// <summary>
/// Bounds how many lower directories are held open. A hard limit on open files can be 20,000 and immovable, so a
/// descriptor for each directory of a big tree is not to be had; those used least recently are closed and reopened
/// through their parents.
/// </summary>
/// <remarks>
/// CLOCK replacement: using a descriptor only sets a flag; only adding and removing take the lock. What is pinned is never
/// closed, so the bound can be passed by as many descriptors as there are requests in flight.
/// </remarks>
internal sealed class DescriptorCache : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CachedDescriptor?[] _slots;
    private readonly Stack<int> _free = new();
    private int _hand;

    /// <summary>Creates a cache of at most <paramref name="capacity"/> descriptors.</summary>
    internal DescriptorCache(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _slots = new CachedDescriptor?[capacity];
        for (int slot = capacity - 1; slot >= 0; slot--)
        {
            _free.Push(slot);
        }
    }

    /// <summary>Descriptors held now.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _slots.Length - _free.Count;
            }
        }
    }

    /// <summary>Share of the process's descriptors for directories; the rest serves open files.</summary>
    internal static int CapacityFor(long openFilesLimit) => (int)Math.Clamp(openFilesLimit / 8, 16, 2048);

    /// <summary>
    /// Takes charge of closing <paramref name="descriptor"/>, closing another when full. When all others are pinned it is
    /// left out, and its owner closes it after use.
    /// </summary>
    /// <returns>False when left out.</returns>
    internal bool Add(CachedDescriptor descriptor)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out int slot) && !TryEvict(out slot))
            {
                return false;
            }

            descriptor.Slot = slot;
            _slots[slot] = descriptor;
            return true;
        }
    }

    /// <summary>Closes a descriptor whose directory is forgotten.</summary>
    internal void Remove(CachedDescriptor descriptor)
    {
        lock (_lock)
        {
            if (descriptor.Slot < 0)
            {
                return;
            }

            // Pinned by a request in flight: it stays in the cache and is evicted in its turn.
            if (descriptor.TryClose())
            {
                _slots[descriptor.Slot] = null;
                _free.Push(descriptor.Slot);
                descriptor.Slot = -1;
            }
        }
    }

    /// <summary>Closes all that nobody has pinned.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (CachedDescriptor? descriptor in _slots)
            {
                if (descriptor is not null && descriptor.TryClose())
                {
                    _slots[descriptor.Slot] = null;
                    _free.Push(descriptor.Slot);
                    descriptor.Slot = -1;
                }
            }
        }
    }

    private bool TryEvict(out int slot)
    {
        for (int step = 0; step < 2 * _slots.Length; step++)
        {
            slot = _hand;
            _hand = (_hand + 1) % _slots.Length;
            CachedDescriptor? descriptor = _slots[slot];
            if (descriptor is null)
            {
                continue;
            }

            if (descriptor.IsRecent)
            {
                descriptor.IsRecent = false;
            }
            else if (descriptor.TryClose())
            {
                descriptor.Slot = -1;
                return true;
            }
        }

        slot = -1;
        return false;
    }
}
