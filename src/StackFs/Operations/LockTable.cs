using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Operations;

/// <summary>
/// Locks of programs, passed on to the lower files: each owner has an open lower file of its own, and its locks are locks of
/// that (OFD), so that the lower filesystem keeps owners of this mount and of others apart alike. Safe on any thread.
/// </summary>
/// <remarks>
/// Who waits is served by one thread that asks again, soon at first and every 50 ms later: a call that waits below could
/// not be interrupted, and would take a worker each. Deadlocks between owners are not noticed. The gate is held for looking
/// up only, an owner's monitor while its lower file is locked or closed.
/// </remarks>
internal sealed class LockTable : IDisposable
{
    private const int MostEarly = 64;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    private readonly object _gate = new();
    private readonly Dictionary<Key, Owner> _owners = [];
    private readonly List<Waiter> _waiters = [];

    // Interrupts that came before their request was found to wait; older ones are of requests that are over.
    private readonly Queue<ulong> _early = new();
    private Thread? _thread;
    private bool _isOver;

    /// <summary>Takes, changes or gives back a lock.</summary>
    /// <returns>EAGAIN where another has it; EBADF for a write lock on a file that is only readable below; ENOLCK.</returns>
    internal Errno Set(in LockRequest wanted)
    {
        Key key = new(wanted.Handle.Inode, wanted.Owner, wanted.IsFlock);
        while (true)
        {
            Owner owner;
            lock (_gate)
            {
                if (!_owners.TryGetValue(key, out Owner? known))
                {
                    if (wanted.Type == RangeLockType.Unlock)
                    {
                        return Errno.None;
                    }

                    known = new Owner();
                    _owners.Add(key, known);
                }

                known.Handle = wanted.Handle;
                owner = known;
            }

            lock (owner)
            {
                if (owner.IsClosed)
                {
                    continue;
                }

                Errno error = owner.Fd is null ? Open(owner, wanted.Handle) : Errno.None;
                error = error == Errno.None
                    ? Libc.SetRangeLock(owner.Fd!, wanted.Type, wanted.LowerOffset, wanted.LowerLength, wait: false)
                    : error;
                if (error == Errno.None && wanted.Type != RangeLockType.Write)
                {
                    Wake();
                }

                return error;
            }
        }
    }

    /// <summary>Says whether a record lock could be had, or which is in its way.</summary>
    /// <param name="handle">The open file.</param>
    /// <param name="owner">Who asks.</param>
    /// <param name="found">What is asked for; becomes what is in its way, or of type F_UNLCK.</param>
    internal Errno Test(FileHandle handle, ulong owner, ref FuseFileLock found)
    {
        LockRequest wanted = new(handle, owner, isFlock: false, in found);
        Owner? mine;
        lock (_gate)
        {
            _ = _owners.TryGetValue(new Key(handle.Inode, owner, false), out mine);
        }

        mine ??= new Owner();
        lock (mine)
        {
            SafeFd? own = mine.IsClosed ? null : mine.Fd;
            Errno error = Errno.None;
            Owner other = new();
            if (own is null)
            {
                error = Open(other, handle);
                own = other.Fd;
            }

            RangeLockType type = wanted.Type;
            (long start, long length) = (wanted.LowerOffset, wanted.LowerLength);
            error = error == Errno.None ? Libc.GetRangeLock(own!, ref type, ref start, ref length) : error;
            other.Fd?.Dispose();
            if (error == Errno.None)
            {
                LockRequest.Describe(type, start, length, ref found);
            }

            return error;
        }
    }

    /// <summary>Answers a request once its lock can be had.</summary>
    internal void Wait(in LockRequest wanted, ulong unique, LateReplies replies)
    {
        lock (_gate)
        {
            _thread ??= Start();
            if (TryAdd(new Waiter(wanted, unique, replies)))
            {
                Monitor.PulseAll(_gate);
                return;
            }
        }

        replies.Send(unique, Errno.EINTR);
    }

    /// <summary>The caller of a request got a signal: if it waits for a lock, it gives up.</summary>
    internal void Interrupt(ulong unique)
    {
        Waiter? given;
        lock (_gate)
        {
            given = _waiters.Find(w => w.Unique == unique);
            if (given is null)
            {
                if (_early.Count == MostEarly)
                {
                    _ = _early.Dequeue();
                }

                _early.Enqueue(unique);
                return;
            }

            _ = _waiters.Remove(given);
        }

        given.Replies.Send(unique, Errno.EINTR);
    }

    /// <summary>A process has closed a descriptor of a file: with it go all its record locks there (POSIX).</summary>
    internal void Close(Inode inode, ulong owner)
    {
        Owner? gone;
        lock (_gate)
        {
            if (_owners.Count == 0 || !_owners.Remove(new Key(inode, owner, false), out gone))
            {
                return;
            }
        }

        Close(gone);
    }

    /// <summary>An open file is no more, and with it the locks that belong to it: flock(2) and F_OFD_SETLK.</summary>
    internal void Close(FileHandle handle)
    {
        List<Owner> gone = [];
        lock (_gate)
        {
            if (_owners.Count == 0)
            {
                return;
            }

            foreach ((Key key, Owner owner) in _owners)
            {
                if (ReferenceEquals(owner.Handle, handle))
                {
                    gone.Add(owner);
                    _ = _owners.Remove(key);
                }
            }
        }

        gone.ForEach(Close);
    }

    /// <summary>Gives all locks back; the session is over, and nobody waits any more.</summary>
    public void Dispose()
    {
        List<Owner> gone;
        Thread? thread;
        lock (_gate)
        {
            _isOver = true;
            _waiters.Clear();
            gone = [.. _owners.Values];
            _owners.Clear();
            thread = _thread;
            Monitor.PulseAll(_gate);
        }

        thread?.Join();
        gone.ForEach(Close);
    }

    private static Errno Open(Owner owner, FileHandle handle)
    {
        if (!OpenFiles.TryLocate(handle.Inode, out LowerAddress address))
        {
            return Errno.EBADF;
        }

        using (address)
        {
            int flags = handle.Content.IsWritable ? OpenFlags.ReadWrite : OpenFlags.ReadOnly;
            Errno error = Libc.Reopen(address.Directory, flags, out SafeFd? fd);
            owner.Fd = fd;
            return error == Errno.None ? error : Errno.ENOLCK;
        }
    }

    private void Close(Owner owner)
    {
        lock (owner)
        {
            owner.IsClosed = true;
            owner.Fd?.Dispose();
        }

        Wake();
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (_waiters.Count > 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private Thread Start()
    {
        Thread thread = new(Serve) { IsBackground = true, Name = "locks" };
        thread.Start();
        return thread;
    }

    private void Serve()
    {
        TimeSpan pause = ShortestPause;
        List<Waiter> round = [];
        while (true)
        {
            lock (_gate)
            {
                bool woken = _waiters.Count == 0 ? Monitor.Wait(_gate) : Monitor.Wait(_gate, pause);
                pause = woken ? ShortestPause : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
                if (_isOver)
                {
                    return;
                }

                round.Clear();
                round.AddRange(_waiters);
            }

            round.ForEach(Try);
        }
    }

    // Whoever takes a waiter out of the list answers it: an interrupt that comes while it is tried is found afterwards.
    private void Try(Waiter waiter)
    {
        lock (_gate)
        {
            if (!_waiters.Remove(waiter))
            {
                return;
            }
        }

        Errno error = Set(in waiter.Wanted);
        if (error == Errno.EAGAIN)
        {
            lock (_gate)
            {
                if (TryAdd(waiter))
                {
                    return;
                }
            }

            error = Errno.EINTR;
        }

        waiter.Replies.Send(waiter.Unique, error);
    }

    // Under the gate; false for one that was interrupted already.
    private bool TryAdd(Waiter waiter)
    {
        if (_early.Contains(waiter.Unique))
        {
            return false;
        }

        _waiters.Add(waiter);
        return true;
    }

    private readonly record struct Key(Inode Inode, ulong Number, bool IsFlock);

    /// <summary>An owner of locks on one file. Its monitor guards it, but for the handle it came by last: the gate.</summary>
    private sealed class Owner
    {
        internal SafeFd? Fd { get; set; }

        internal bool IsClosed { get; set; }

        internal FileHandle? Handle { get; set; }
    }

    private sealed class Waiter(LockRequest wanted, ulong unique, LateReplies replies)
    {
        internal readonly LockRequest Wanted = wanted;

        internal ulong Unique => unique;

        internal LateReplies Replies => replies;
    }
}
