namespace StackFs.Content;

/// <summary>
/// A set of extent numbers kept as ordered, disjoint ranges. It holds the extents that writes have jumped over and that
/// nothing has filled yet: writeback comes out of order, so a gap is a hole only if it is still one when the file is
/// sealed.
/// </summary>
/// <remarks>Safe for several threads: each call takes a private lock for the length of a search.</remarks>
internal sealed class ExtentRangeSet
{
    // The greatest extent number that has a successor.
    private const long MaxIndex = long.MaxValue - 1;

    private readonly Lock _lock = new();
    private Range[] _ranges = [];
    private int _count;

    /// <summary>Whether the set holds nothing.</summary>
    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>How many separate ranges the set holds.</summary>
    public int RangeCount => Volatile.Read(ref _count);

    /// <summary>Whether an extent is in the set.</summary>
    public bool Contains(long index)
    {
        if (IsEmpty)
        {
            return false;
        }

        lock (_lock)
        {
            int at = FirstEndingAtOrAfter(index);
            return at < _count && _ranges[at].First <= index;
        }
    }

    /// <summary>Adds extents <paramref name="first"/> to <paramref name="last"/>; nothing if that is no range.</summary>
    public void Add(long first, long last)
    {
        if (first > last)
        {
            return;
        }

        last = Math.Min(last, MaxIndex);
        lock (_lock)
        {
            // Everything that overlaps or touches the new range melts into it.
            int from = FirstEndingAtOrAfter(first - 1);
            int to = from;
            while (to < _count && _ranges[to].First <= last + 1)
            {
                first = Math.Min(first, _ranges[to].First);
                last = Math.Max(last, _ranges[to].Last);
                to++;
            }

            Replace(from, to, new Range(first, last), default, 1);
        }
    }

    /// <summary>Removes extents <paramref name="first"/> to <paramref name="last"/>, those that are there.</summary>
    public void Remove(long first, long last)
    {
        if (first > last || IsEmpty)
        {
            return;
        }

        last = Math.Min(last, MaxIndex);
        lock (_lock)
        {
            int from = FirstEndingAtOrAfter(first);
            int to = from;
            while (to < _count && _ranges[to].First <= last)
            {
                to++;
            }

            if (to == from)
            {
                return;
            }

            // Of what is hit, the part before the removal and the part after it stay.
            Range before = new(_ranges[from].First, first - 1);
            Range after = new(last + 1, _ranges[to - 1].Last);
            bool keepBefore = before.First <= before.Last;
            bool keepAfter = after.First <= after.Last;
            Replace(from, to, keepBefore ? before : after, after, (keepBefore ? 1 : 0) + (keepAfter ? 1 : 0));
        }
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _count = 0;
        }
    }

    private int FirstEndingAtOrAfter(long index)
    {
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].Last < index)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    // Puts `kept` of the two ranges where [from, to) were.
    private void Replace(int from, int to, Range one, Range two, int kept)
    {
        int grown = _count - (to - from) + kept;
        if (grown > _ranges.Length)
        {
            Array.Resize(ref _ranges, Math.Max(grown, Math.Max(4, _ranges.Length * 2)));
        }

        Array.Copy(_ranges, to, _ranges, from + kept, _count - to);
        if (kept > 0)
        {
            _ranges[from] = one;
        }

        if (kept > 1)
        {
            _ranges[from + 1] = two;
        }

        Volatile.Write(ref _count, grown);
    }

    private readonly record struct Range(long First, long Last);
}
