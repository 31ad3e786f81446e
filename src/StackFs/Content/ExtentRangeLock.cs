namespace StackFs.Content;

/// <summary>
/// Orders the operations on one open file by the extents they touch: readers share, a writer has its extents alone, and
/// operations on different extents run side by side.
/// </summary>
/// <remarks>
/// A file's size may change only under an exclusive claim that reaches from the last extent (or before) to
/// <see cref="End"/>; whoever holds any claim on the last extent therefore sees a stable size. First come, first served:
/// a claim waits for every earlier one it conflicts with, so a stream of readers cannot starve a writer. Nothing is
/// allocated once as many slots exist as threads ever met here. The gate is held for a scan of those slots only, never
/// across lower I/O or encryption. It is the innermost lock of an operation: take no other while inside the gate.
/// </remarks>
internal sealed class ExtentRangeLock
{
    /// <summary>The end of a range without end.</summary>
    public const long End = long.MaxValue;

    private readonly object _gate = new();
    private Slot[] _slots = new Slot[8];
    private long _nextTicket = 1;
    private int _waiting;

    /// <summary>Claims extents for reading; waits while an earlier writer has or wants any of them.</summary>
    /// <param name="first">The first extent.</param>
    /// <param name="last">The last extent, or <see cref="End"/>.</param>
    public Claim Share(long first, long last) => Enter(first, last, exclusive: false);

    /// <summary>Claims extents for writing; waits while anyone earlier has or wants any of them.</summary>
    /// <param name="first">The first extent.</param>
    /// <param name="last">The last extent, or <see cref="End"/>.</param>
    public Claim Exclude(long first, long last) => Enter(first, last, exclusive: true);

    private Claim Enter(long first, long last, bool exclusive)
    {
        lock (_gate)
        {
            int index = FreeSlot();
            long ticket = _nextTicket++;
            _slots[index] = new Slot(ticket, first, last, exclusive);
            while (MustWait(ticket, first, last, exclusive))
            {
                _waiting++;
                Monitor.Wait(_gate);
                _waiting--;
            }

            return new Claim(this, index);
        }
    }

    private void Exit(int index)
    {
        lock (_gate)
        {
            _slots[index] = default;
            if (_waiting > 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private int FreeSlot()
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            if (_slots[i].Ticket == 0)
            {
                return i;
            }
        }

        int next = _slots.Length;
        Array.Resize(ref _slots, next * 2);
        return next;
    }

    private bool MustWait(long ticket, long first, long last, bool exclusive)
    {
        foreach (ref readonly Slot other in _slots.AsSpan())
        {
            if (other.Ticket != 0 && other.Ticket < ticket && (exclusive || other.Exclusive)
                && other.First <= last && first <= other.Last)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A held claim; given back when disposed, exactly once, by the thread that took it or another.</summary>
    internal readonly ref struct Claim
    {
        private readonly ExtentRangeLock _owner;
        private readonly int _index;

        internal Claim(ExtentRangeLock owner, int index)
        {
            _owner = owner;
            _index = index;
        }

        /// <summary>Gives the extents back.</summary>
        public void Dispose() => _owner.Exit(_index);
    }

    private readonly record struct Slot(long Ticket, long First, long Last, bool Exclusive);
}
