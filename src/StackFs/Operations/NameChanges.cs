namespace StackFs.Operations;

/// <summary>
/// Tells which workers are about to take names from files or give them others. Between the lower call and the moment the
/// inodes know of it, a file is not found under the names that are known. The kernel looks a path up once more after ESTALE,
/// and once only: who meets two such moments in a row would hand a program an error that no local filesystem gives.
/// </summary>
/// <remarks>
/// A change costs two interlocked additions to a line of the worker's own; only an operation that found nothing waits.
/// </remarks>
internal sealed class NameChanges
{
    private readonly Lock _lock = new();
    private Mark[] _marks = [];
    private long _ofThoseGone;

    /// <summary>A worker began to serve; its mark is used by its thread alone.</summary>
    internal Mark AddWorker()
    {
        Mark mark = new();
        lock (_lock)
        {
            _marks = [.. _marks, mark];
        }

        return mark;
    }

    /// <summary>A worker ended.</summary>
    internal void RemoveWorker(Mark mark)
    {
        lock (_lock)
        {
            _marks = [.. _marks.Where(each => each != mark)];
            _ofThoseGone += mark.Sequence;
        }
    }

    /// <summary>
    /// Waits until every change that is under way has ended. Called with no lock held, and not within a change.
    /// </summary>
    /// <returns>A number that is another one when any change has begun since.</returns>
    internal long Settle()
    {
        Mark[] marks;
        long sum;
        lock (_lock)
        {
            marks = _marks;
            sum = _ofThoseGone;
        }

        foreach (Mark mark in marks)
        {
            long sequence = mark.Sequence;
            if (Mark.IsUnderWay(sequence))
            {
                SpinWait wait = default;
                while (mark.Sequence == sequence)
                {
                    wait.SpinOnce();
                }

                sequence++;
            }

            sum += sequence;
        }

        return sum;
    }

    /// <summary>One worker's changes: odd while one is under way.</summary>
    internal sealed class Mark
    {
        private long _sequence;

        internal long Sequence => Volatile.Read(ref _sequence);

        internal static bool IsUnderWay(long sequence) => (sequence & 1) != 0;

        /// <summary>Begins a change, which ends when the scope is disposed. Changes do not nest.</summary>
        internal Scope Begin()
        {
            _ = Interlocked.Increment(ref _sequence);
            return new Scope(this);
        }

        /// <summary>A change under way.</summary>
        internal readonly ref struct Scope : IDisposable
        {
            private readonly Mark _mark;

            internal Scope(Mark mark) => _mark = mark;

            /// <summary>Ends it.</summary>
            public void Dispose() => Interlocked.Increment(ref _mark._sequence);
        }
    }
}
