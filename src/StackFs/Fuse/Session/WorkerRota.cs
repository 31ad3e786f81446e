namespace StackFs.Fuse;

/// <summary>
/// Decides which workers of a session wait for requests. The kernel wakes those that wait in turn, so for one caller each
/// worker beyond the first only costs a colder cache: a quarter of the processor time of a small operation. All but the
/// first stand by, therefore, until the first does not keep up, and stand by again when they are not needed.
/// </summary>
/// <remarks>
/// <para>
/// One of those that stand by looks every millisecond whether requests wait while all who serve are busy, twice in a row
/// since what nobody waits for (FORGET) comes and goes, or whether one request has kept them busy since the last look. In a
/// mount that nobody uses it sleeps, and the next request wakes it.
/// </para>
/// <para>
/// <c>_gate</c> is a leaf, held to look at and change the fields it guards and for one poll(2) that does not wait. Taking
/// part costs a worker that serves a few memory accesses a request and no system call.
/// </para>
/// </remarks>
internal sealed class WorkerRota
{
    // Milliseconds between two looks: about as long a request may wait before another worker comes to help.
    private const int Tick = 1;

    // Looks without a request after which the one that looks sleeps: a mount that nobody uses takes no processor time.
    private const int QuietTicks = 100;

    // Requests by which a worker judges whether it is needed, and how many of them must have met another at work.
    private const int Trial = 64;
    private const int Needed = 8;

    private readonly Lock _changes = new();
    private readonly object _gate = new();
    private readonly Func<bool> _requestsWait;

    private volatile Member[] _members = [];
    private volatile bool _sleeps;
    private volatile bool _ended;

    // Guarded by _gate.
    private int _standing;
    private int _called;
    private bool _isLooking;
    private bool _requestsWaited;

    /// <summary>A rota without members.</summary>
    /// <param name="requestsWait">Whether the kernel has a request that nobody has fetched; does not wait.</param>
    public WorkerRota(Func<bool> requestsWait) => _requestsWait = requestsWait;

    /// <summary>Workers that stand by.</summary>
    public int Standing
    {
        get
        {
            lock (_gate)
            {
                return _standing;
            }
        }
    }

    /// <summary>Whether nobody looks, since nothing was asked for a while.</summary>
    public bool Sleeps => _sleeps;

    /// <summary>Takes in one more worker. The first one never stands by.</summary>
    public Member Join()
    {
        lock (_changes)
        {
            Member member = new(this, isFirst: _members.Length == 0);
            _members = [.. _members, member];
            return member;
        }
    }

    /// <summary>
    /// Brings one more worker, for a caller that is about to wait until the kernel has had an answer from another.
    /// </summary>
    public void Call()
    {
        lock (_gate)
        {
            if (_standing > _called)
            {
                _called++;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Has all who stand by look once at what else they are asked.</summary>
    public void CallAll()
    {
        lock (_gate)
        {
            _called = _standing;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The connection has ended: whoever stands by goes to hear it from the kernel.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            _sleeps = false;
            Monitor.PulseAll(_gate);
        }
    }

    private void StandBy(Member member)
    {
        lock (_gate)
        {
            member.IsStanding = true;
            _standing++;
            int quiet = 0;
            while (!_ended && _called == 0)
            {
                if (_isLooking || _sleeps)
                {
                    _ = Monitor.Wait(_gate);
                    quiet = 0;
                    continue;
                }

                _isLooking = true;
                bool called = Monitor.Wait(_gate, Tick);
                _isLooking = false;
                if (called)
                {
                    continue;
                }

                quiet = Look(out bool helps) ? 0 : quiet + 1;
                if (helps)
                {
                    break;
                }

                if (quiet >= QuietTicks)
                {
                    // Whoever begins a request now sees that it is to wake us, or we see the request.
                    _sleeps = true;
                    Interlocked.MemoryBarrier();
                    _sleeps = !Look(out _);
                    quiet = 0;
                }
            }

            _called = Math.Max(_called - 1, 0);
            _standing--;
            member.IsStanding = false;
            // Another one looks from here on.
            Monitor.PulseAll(_gate);
        }
    }

    // Whether anything was served since the last look, and whether the one that looks is needed.
    private bool Look(out bool helps)
    {
        bool served = false;
        bool allBusy = true;
        bool allStuck = true;
        foreach (Member member in _members)
        {
            if (member.IsStanding)
            {
                continue;
            }

            long begun = member.Begun;
            bool isBusy = member.IsHandling;
            served |= begun != member.Seen || isBusy;
            allStuck &= isBusy && begun == member.Seen;
            allBusy &= isBusy;
            member.Seen = begun;
        }

        bool requestsWait = allBusy && _requestsWait();
        helps = allStuck || (requestsWait && _requestsWaited);
        _requestsWaited = requestsWait;
        return served;
    }

    /// <summary>One worker's part in the rota; used by that worker's thread.</summary>
    internal sealed class Member
    {
        private readonly WorkerRota _rota;
        private readonly bool _isFirst;
        private long _begun;
        private int _work;
        private int _served;
        private int _met;

        internal Member(WorkerRota rota, bool isFirst)
        {
            _rota = rota;
            _isFirst = isFirst;
        }

        /// <summary>Requests begun so far.</summary>
        internal long Begun => Volatile.Read(ref _begun);

        private enum Work
        {
            None,
            Unawaited,
            Awaited,
        }

        /// <summary>Between a request and its reply.</summary>
        internal bool IsHandling => Now != Work.None;

        /// <summary>Guarded by the rota's gate, as is <see cref="Seen"/>.</summary>
        internal bool IsStanding { get; set; }

        /// <summary><see cref="Begun"/> at the last look.</summary>
        internal long Seen { get; set; }

        private Work Now
        {
            get => (Work)Volatile.Read(ref _work);
            set => Volatile.Write(ref _work, (int)value);
        }

        /// <summary>A request was fetched.</summary>
        /// <param name="awaited">Whether somebody waits for its reply.</param>
        public void Begin(bool awaited)
        {
            Now = awaited ? Work.Awaited : Work.Unawaited;
            Interlocked.Increment(ref _begun); // Before looking whether somebody sleeps, who looks the other way round.
            if (_rota._sleeps)
            {
                _rota.Wake();
            }

            if (_isFirst || !awaited)
            {
                return;
            }

            _served++;
            foreach (Member other in _rota._members)
            {
                if (other.Now == Work.Awaited && !ReferenceEquals(other, this))
                {
                    _met++;
                    break;
                }
            }
        }

        /// <summary>The request is done; its reply is about to be sent.</summary>
        public void End() => Now = Work.None;

        /// <summary>Before fetching the next request: stands by for as long as this worker is not needed.</summary>
        public void TakeTurn()
        {
            if (_isFirst || _served < Trial)
            {
                return;
            }

            bool needed = _met >= Needed;
            _served = 0;
            _met = 0;
            if (!needed)
            {
                _rota.StandBy(this);
            }
        }
    }
}
