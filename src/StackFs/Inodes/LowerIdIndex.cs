using StackFs.Lower;

namespace StackFs.Inodes;

/// <summary>
/// Inodes by <see cref="LowerId"/>: one shard of a hash table that is chained through the inodes themselves. The caller
/// holds the shard's lock.
/// </summary>
internal sealed class LowerIdIndex
{
    private Inode?[] _buckets = new Inode?[16];
    private int _count;

    /// <summary>The inode that stands for that lower file (<see cref="Inode.StandsFor"/>), or null.</summary>
    internal Inode? Find(LowerId id, ushort type, long birth)
    {
        for (Inode? inode = _buckets[BucketOf(id)]; inode is not null; inode = inode.NextInIndex)
        {
            if (inode.Lower == id && inode.StandsFor(type, birth))
            {
                return inode;
            }
        }

        return null;
    }

    /// <summary>Adds an inode.</summary>
    internal void Add(Inode inode)
    {
        if (_count >= _buckets.Length)
        {
            Grow();
        }

        ref Inode? head = ref _buckets[BucketOf(inode.Lower)];
        inode.NextInIndex = head;
        head = inode;
        _count++;
    }

    /// <summary>Takes an inode out, if it is there.</summary>
    internal void Remove(Inode inode)
    {
        ref Inode? head = ref _buckets[BucketOf(inode.Lower)];
        Inode? before = null;
        for (Inode? each = head; each is not null; before = each, each = each.NextInIndex)
        {
            if (!ReferenceEquals(each, inode))
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

    private int BucketOf(LowerId id) => (id.GetHashCode() & int.MaxValue) % _buckets.Length;

    private void Grow()
    {
        Inode?[] old = _buckets;
        _buckets = new Inode?[old.Length * 2];
        foreach (Inode? first in old)
        {
            Inode? inode = first;
            while (inode is not null)
            {
                Inode? next = inode.NextInIndex;
                ref Inode? head = ref _buckets[BucketOf(inode.Lower)];
                inode.NextInIndex = head;
                head = inode;
                inode = next;
            }
        }
    }
}
