namespace StackFs.Inodes;

/// <summary>
/// Locations by directory and lower name: a hash table in shards, each with its lock, chained through the locations
/// themselves. Tells UNLINK and RENAME, which name no inode, what the kernel knows under a name, without asking the
/// lower filesystem.
/// </summary>
internal sealed class LocationIndex
{
    private const int ShardCount = 16;

    private readonly Shard[] _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard())];

    /// <summary>The location of <paramref name="name"/> in <paramref name="parent"/>, or null.</summary>
    internal Location? Find(Inode parent, ReadOnlySpan<byte> name)
    {
        int hash = Hash(parent, name);
        Shard shard = ShardOf(hash);
        lock (shard.Lock)
        {
            return shard.Find(parent, name, hash);
        }
    }

    /// <summary>Adds a location unless one of its name is there: that one is returned, null when it was added.</summary>
    internal Location? AddUnlessKnown(Location location)
    {
        int hash = Hash(location.Parent, location.Name);
        Shard shard = ShardOf(hash);
        lock (shard.Lock)
        {
            Location? known = shard.Find(location.Parent, location.Name, hash);
            if (known is null)
            {
                shard.Add(location, hash);
            }

            return known;
        }
    }

    /// <summary>Takes a location out, if it is there.</summary>
    internal void Remove(Location location)
    {
        int hash = Hash(location.Parent, location.Name);
        Shard shard = ShardOf(hash);
        lock (shard.Lock)
        {
            shard.Remove(location, hash);
        }
    }

    private static int Hash(Inode parent, ReadOnlySpan<byte> name)
    {
        HashCode hash = default;
        hash.Add(parent.Number);
        hash.AddBytes(name);
        return hash.ToHashCode() & int.MaxValue;
    }

    private Shard ShardOf(int hash) => _shards[hash % ShardCount];

    private sealed class Shard
    {
        private Location?[] _buckets = new Location?[16];
        private int _count;

        internal Lock Lock { get; } = new();

        internal ref Location? Head(int hash) => ref _buckets[hash / ShardCount % _buckets.Length];

        internal Location? Find(Inode parent, ReadOnlySpan<byte> name, int hash)
        {
            Location? each = Head(hash);
            while (each is not null && !each.Is(parent, name))
            {
                each = each.NextInIndex;
            }

            return each;
        }

        internal void Add(Location location, int hash)
        {
            if (_count >= _buckets.Length)
            {
                Grow();
            }

            ref Location? head = ref Head(hash);
            location.NextInIndex = head;
            head = location;
            _count++;
        }

        internal void Remove(Location location, int hash)
        {
            ref Location? head = ref Head(hash);
            Location? before = null;
            for (Location? each = head; each is not null; before = each, each = each.NextInIndex)
            {
                if (!ReferenceEquals(each, location))
                {
                    continue;
                }

                if (before is null)
                {
                    head = each.NextInIndex;
                }
                else
                {
                    before.NextInIndex = each.NextInIndex;
                }

                each.NextInIndex = null;
                _count--;
                return;
            }
        }

        private void Grow()
        {
            Location?[] old = _buckets;
            _buckets = new Location?[old.Length * 2];
            foreach (Location? first in old)
            {
                Location? location = first;
                while (location is not null)
                {
                    Location? next = location.NextInIndex;
                    ref Location? head = ref Head(Hash(location.Parent, location.Name));
                    location.NextInIndex = head;
                    head = location;
                    location = next;
                }
            }
        }
    }
}
