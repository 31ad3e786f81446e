using StackFs.Fuse;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Inodes;

/// <summary>
/// All inodes that the kernel knows: by node id, by lower identity, and by directory and lower name; their lookup counts,
/// and the locations under which they are found again.
/// </summary>
/// <remarks>
/// <para>
/// Lock order of the whole filesystem, outermost first: the state of an open file (Content); an inode's monitor (its
/// locations, retained descriptor, content); a shard of the identity index; a shard of the location index; the descriptor
/// cache. Two inodes are locked in the order of their numbers. No lower system call is made under a shard.
/// </para>
/// <para>
/// An inode stays while the kernel counts lookups on it, or a location of a child or a request in flight pins it.
/// The root stays for ever.
/// </para>
/// </remarks>
internal sealed class InodeTable
{
    private const int ShardCount = 16;

    private readonly DescriptorCache _descriptors;
    private readonly SlotTable<Inode> _numbers = new();
    private readonly LocationIndex _locations = new();
    private readonly Shard[] _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard())];

    /// <summary>Creates the table with its root.</summary>
    internal InodeTable(LowerId root, uint rootMode, DescriptorCache descriptors)
    {
        _descriptors = descriptors;
        Root = new Inode(root, rootMode) { Lookups = 1 };
        _ = _numbers.Add(Root);
        ShardOf(root).Index.Add(Root);
    }

    /// <summary>The root of the mount: node 1.</summary>
    internal Inode Root { get; }

    /// <summary>Inodes in the table.</summary>
    internal int Count => _numbers.Count;

    /// <summary>All inodes at some moment.</summary>
    internal List<Inode> Snapshot() => _numbers.Snapshot();

    /// <summary>The inode the kernel means, or null for one that was forgotten (ESTALE).</summary>
    internal Inode? Find(NodeId id) => _numbers.Find(id.Value);

    /// <summary>The inode known under <paramref name="lowerName"/> in <paramref name="parent"/>, or null.</summary>
    internal Inode? FindByName(Inode parent, ReadOnlySpan<byte> lowerName) => _locations.Find(parent, lowerName)?.Inode;

    /// <summary>
    /// The inode of a lower file just seen under a name, with its lookup count raised by one for the entry that goes to
    /// the kernel. Makes the inode and the location as needed.
    /// </summary>
    /// <param name="lower">Which lower file.</param>
    /// <param name="mode">Its mode; only the type counts.</param>
    /// <param name="parent">The directory.</param>
    /// <param name="lowerName">Its name there.</param>
    /// <param name="birth">When it was made, as <see cref="Inode.Birth"/>; 0 where the lower filesystem does not say.</param>
    internal Inode Remember(LowerId lower, uint mode, Inode parent, ReadOnlySpan<byte> lowerName, long birth = 0)
    {
        Inode inode = Count1(lower, mode, birth);
        AddName(inode, parent, lowerName);
        return inode;
    }

    /// <summary>As <see cref="Remember"/>, for a file that has no name: made with O_TMPFILE.</summary>
    internal Inode RememberUnnamed(LowerId lower, uint mode, long birth = 0) => Count1(lower, mode, birth);

    /// <summary>Raises the lookup count of an inode that is in the table.</summary>
    internal void CountLookup(Inode inode)
    {
        Shard shard = ShardOf(inode.Lower);
        lock (shard.Lock)
        {
            inode.Lookups++;
        }
    }

    /// <summary>
    /// Takes back <paramref name="count"/> lookups; the inode goes with the last one. A count that was never given means that
    /// our books are wrong, and files would be mixed up from here on: the process ends.
    /// </summary>
    internal void Forget(NodeId id, ulong count)
    {
        if (id == NodeId.Root)
        {
            return;
        }

        Inode? inode = Find(id);
        if (inode is null)
        {
            Environment.FailFast($"stackfs: the kernel forgot node {id.Value}, which is not known.");
            return;
        }

        bool last;
        Shard shard = ShardOf(inode.Lower);
        lock (shard.Lock)
        {
            if ((ulong)inode.Lookups < count)
            {
                Environment.FailFast(
                    $"stackfs: the kernel forgot node {id.Value} {count} times, of {inode.Lookups} lookups.");
            }

            inode.Lookups -= (long)count;
            last = TryDrop(shard, inode);
        }

        if (last)
        {
            Release(inode);
        }
    }

    /// <summary>
    /// Puts an inode aside for which the kernel was told a wrong size: under writeback caching it never takes another one for
    /// an inode that it has. The next lookup makes a new inode, which has its content opened to tell the size.
    /// </summary>
    internal void Retire(Inode inode)
    {
        Shard shard = ShardOf(inode.Lower);
        lock (shard.Lock)
        {
            inode.IsRetired = true;
            shard.Index.Remove(inode);
            _ = shard.Misleading.Add(inode.Lower);
        }
    }

    /// <summary>
    /// Takes a lower file's own size for true again. Not when an inode is forgotten: the kernel gives back the one it found
    /// instead of a retired one before it looks once more.
    /// </summary>
    internal void TrustSize(LowerId lower)
    {
        Shard shard = ShardOf(lower);
        lock (shard.Lock)
        {
            _ = shard.Misleading.Remove(lower);
        }
    }

    /// <summary>
    /// Adds a location, or makes one that is known the first to be tried; forgets another inode's claim to the same name.
    /// </summary>
    internal void AddName(Inode inode, Inode parent, ReadOnlySpan<byte> lowerName)
    {
        Location? added = null;
        Location? known = _locations.Find(parent, lowerName);
        while (true)
        {
            if (known is not null && ReferenceEquals(known.Inode, inode))
            {
                if (added is not null)
                {
                    // A LOOKUP and a READDIRPLUS of one name meet: a second location of it would outlive its removal.
                    RemoveLocation(added);
                }

                MoveToFront(known);
                return;
            }

            if (known is not null)
            {
                // The name went over to another file behind our back.
                RemoveLocation(known);
            }

            if (added is null)
            {
                added = new Location(parent, lowerName.ToArray(), inode);
                Pin(parent);
                lock (inode)
                {
                    added.NextOfInode = inode.Locations;
                    inode.Locations = added;
                }
            }

            known = _locations.AddUnlessKnown(added);
            if (known is null)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Tries another name next time, if the inode has one: under its first it was not found. It is not forgotten, since a
    /// rename may be about to say where it is.
    /// </summary>
    internal static void Distrust(Inode inode, ReadOnlySpan<byte> lowerName)
    {
        lock (inode)
        {
            if (inode.Locations is not { NextOfInode: { } last } first || !lowerName.SequenceEqual(first.Name))
            {
                return;
            }

            inode.Locations = last;
            while (last.NextOfInode is { } next)
            {
                last = next;
            }

            last.NextOfInode = first;
            first.NextOfInode = null;
        }
    }

    /// <summary>Removes the location of <paramref name="lowerName"/> in <paramref name="parent"/>, if it is known.</summary>
    internal void RemoveName(Inode parent, ReadOnlySpan<byte> lowerName)
    {
        Location? known = _locations.Find(parent, lowerName);
        if (known is not null)
        {
            RemoveLocation(known);
        }
    }

    /// <summary>A name under which the inode is found, or false when it has none that is known.</summary>
    internal static bool TryGetLocation(Inode inode, out Inode? parent, out byte[]? lowerName)
    {
        lock (inode)
        {
            parent = inode.Locations?.Parent;
            lowerName = inode.Locations?.Name;
            return parent is not null;
        }
    }

    /// <summary>Closes what the inodes hold; the session has ended.</summary>
    internal void Clear()
    {
        foreach (Inode inode in _numbers.Snapshot())
        {
            CloseDescriptors(inode);
        }
    }

    private Inode Count1(LowerId lower, uint mode, long birth)
    {
        Shard shard = ShardOf(lower);
        lock (shard.Lock)
        {
            Inode? inode = shard.Index.Find(lower, (ushort)(mode & Interop.ModeBits.TypeMask), birth);
            if (inode is null)
            {
                // Perhaps another file had the number, and went behind our back: the kernel must not take its pages for
                // those of this one. That one answers ESTALE until it is forgotten.
                inode = new Inode(lower, mode, birth) { MustOpenForSize = shard.Misleading.Contains(lower) };
                _ = _numbers.Add(inode);
                shard.Index.Add(inode);
            }

            inode.Lookups++;
            return inode;
        }
    }

    private void Pin(Inode inode)
    {
        Shard shard = ShardOf(inode.Lower);
        lock (shard.Lock)
        {
            inode.Pins++;
        }
    }

    private static void MoveToFront(Location location)
    {
        Inode inode = location.Inode;
        if (ReferenceEquals(inode.Locations, location))
        {
            return;
        }

        lock (inode)
        {
            if (TakeOut(location))
            {
                location.NextOfInode = inode.Locations;
                inode.Locations = location;
            }
        }
    }

    // Takes a location out of its inode's chain; the inode's monitor is held. False when it is not there any more.
    private static bool TakeOut(Location location)
    {
        Inode inode = location.Inode;
        Location? before = null;
        for (Location? each = inode.Locations; each is not null; before = each, each = each.NextOfInode)
        {
            if (!ReferenceEquals(each, location))
            {
                continue;
            }

            if (before is null)
            {
                inode.Locations = each.NextOfInode;
            }
            else
            {
                before.NextOfInode = each.NextOfInode;
            }

            return true;
        }

        return false;
    }

    private void RemoveLocation(Location location)
    {
        bool removed;
        lock (location.Inode)
        {
            removed = TakeOut(location);
        }

        // Who took it out of the chain gives the pin back; out of the index it goes now in any case.
        _locations.Remove(location);
        if (removed)
        {
            Unpin(location.Parent);
        }
    }

    private void Unpin(Inode inode)
    {
        bool last;
        Shard shard = ShardOf(inode.Lower);
        lock (shard.Lock)
        {
            inode.Pins--;
            last = TryDrop(shard, inode);
        }

        if (last)
        {
            Release(inode);
        }
    }

    private bool TryDrop(Shard shard, Inode inode)
    {
        if (inode.Lookups > 0 || inode.Pins > 0 || inode.IsForgotten)
        {
            return false;
        }

        inode.IsForgotten = true;
        shard.Index.Remove(inode);
        _ = _numbers.Remove(inode.Number);
        return true;
    }

    private void Release(Inode inode)
    {
        Location? location;
        lock (inode)
        {
            location = inode.Locations;
            inode.Locations = null;
        }

        while (location is not null)
        {
            _locations.Remove(location);
            Unpin(location.Parent);
            location = location.NextOfInode;
        }

        CloseDescriptors(inode);
    }

    private void CloseDescriptors(Inode inode)
    {
        SafeFd? retained;
        lock (inode)
        {
            retained = inode.Retained;
            inode.Retained = null;
        }

        retained?.Dispose();
        CachedDescriptor? descriptor = inode.Descriptor;
        if (descriptor is not null)
        {
            inode.Descriptor = null;
            _descriptors.Remove(descriptor);
        }
    }

    private Shard ShardOf(LowerId lower) => _shards[(lower.GetHashCode() >>> 8) % ShardCount];

    private sealed class Shard
    {
        internal Lock Lock { get; } = new();

        internal LowerIdIndex Index { get; } = new();

        internal HashSet<LowerId> Misleading { get; } = [];
    }
}
