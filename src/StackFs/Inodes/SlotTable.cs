namespace StackFs.Inodes;

/// <summary>Something a <see cref="SlotTable{T}"/> numbers.</summary>
internal abstract class Numbered
{
    /// <summary>The number, or 0 before it was added; never used for another object in this session.</summary>
    internal ulong Number { get; set; }
}

/// <summary>
/// Gives objects numbers that are never reused and finds them again without a lock: a number is a slot of an array and,
/// above it, a serial that tells a slot's present owner from former ones.
/// </summary>
/// <remarks>28 bits of slot (268 million objects at a time), 36 bits of serial (68 thousand million in a session).</remarks>
/// <typeparam name="T">What is numbered.</typeparam>
internal sealed class SlotTable<T>
    where T : Numbered
{
    private const int SlotBits = 28;
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;
    private const ulong SlotMask = (1UL << SlotBits) - 1;

    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();

    // Replaced as a whole when it grows, so that readers need no lock.
    private T?[][] _chunks = [];
    private int _used = 1;
    private ulong _serial;
    private int _count;

    /// <summary>Objects in the table.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Adds <paramref name="item"/> and numbers it. The first one gets the number 1; 0 is never given.</summary>
    internal ulong Add(T item)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out int slot))
            {
                slot = _used++;
                if (slot >> ChunkBits >= _chunks.Length)
                {
                    T?[][] grown = [.. _chunks, new T?[ChunkSize]];
                    Volatile.Write(ref _chunks, grown);
                }
            }

            item.Number = (_serial++ << SlotBits) | (uint)slot;
            Volatile.Write(ref _chunks[slot >> ChunkBits][slot & (ChunkSize - 1)], item);
            _count++;
            return item.Number;
        }
    }

    /// <summary>The object of that number, or null when there is none any more.</summary>
    internal T? Find(ulong number)
    {
        int slot = (int)(number & SlotMask);
        T?[][] chunks = Volatile.Read(ref _chunks);
        if (slot >> ChunkBits >= chunks.Length)
        {
            return null;
        }

        T? item = Volatile.Read(ref chunks[slot >> ChunkBits][slot & (ChunkSize - 1)]);
        return item is not null && item.Number == number ? item : null;
    }

    /// <summary>Takes the object of that number out; null when there is none.</summary>
    internal T? Remove(ulong number)
    {
        lock (_lock)
        {
            T? item = Find(number);
            if (item is not null)
            {
                int slot = (int)(number & SlotMask);
                Volatile.Write(ref _chunks[slot >> ChunkBits][slot & (ChunkSize - 1)], null);
                _free.Push(slot);
                _count--;
            }

            return item;
        }
    }

    /// <summary>All objects in the table at some moment, for taking a filesystem down.</summary>
    internal List<T> Snapshot()
    {
        lock (_lock)
        {
            List<T> items = new(_count);
            foreach (T?[] chunk in _chunks)
            {
                foreach (T? item in chunk)
                {
                    if (item is not null)
                    {
                        items.Add(item);
                    }
                }
            }

            return items;
        }
    }
}
