using System.Globalization;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// Serves one mount: negotiates, runs the workers, and ends when the mount does, however that comes about: umount(8),
/// fusermount3, <see cref="Stop"/>, or the kernel aborting the connection.
/// </summary>
/// <remarks>
/// Lock order: <c>_gate</c> is a leaf, held only to look at and change the fields it guards.
/// </remarks>
internal sealed partial class FuseSession : IDisposable
{
    // How often a busy mount is tried again, and how long all workers must wait for requests to count as drained.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(30);

    /// <summary>Stands for the device where there are queues.</summary>
    private const int DeviceQueue = -1;

    private readonly FuseMount _mount;
    private readonly IFuseFilesystem _filesystem;
    private readonly FuseSessionOptions _options;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly WorkerRota _rota;

    private long _round;
    private UringQueues? _rings;

    // Guarded by _gate.
    private readonly List<RequestPump> _pumps = [];
    private Exception? _failure;
    private int _startedWorkers;
    private int _runningWorkers;
    private int _refusedWorkers;
    private int _queues;

    /// <summary>Will serve <paramref name="mount"/>, which it owns from now on.</summary>
    public FuseSession(FuseMount mount, IFuseFilesystem filesystem, FuseSessionOptions options)
    {
        _mount = mount;
        _filesystem = filesystem;
        _options = options;
        _rota = new WorkerRota(() => Libc.HasInput(mount.Device));
        Notifier = new FuseNotifier(mount.Device, _rota);
        Libc.PrepareToWake();
    }

    /// <summary>Tells the kernel what it must no longer cache.</summary>
    public FuseNotifier Notifier { get; }

    /// <summary>How requests come; known once the mount answers.</summary>
    public FuseCarrier Carrier => _queues > 0 ? FuseCarrier.IoUring : FuseCarrier.Device;

    /// <summary>A snapshot of what the workers did so far, one record for each.</summary>
    public IReadOnlyList<WorkerCounters> Counters
    {
        get
        {
            lock (_gate)
            {
                return [.. _pumps.Select(pump => pump.Counters)];
            }
        }
    }

    /// <summary>
    /// Serves until the mount is gone, then tells the filesystem. Call once; blocks the calling thread.
    /// </summary>
    /// <exception cref="FuseMountException">The kernel's protocol is not ours, or the device failed.</exception>
    public void Run()
    {
        try
        {
            if (Negotiate())
            {
                _filesystem.Serving(this);
                StartWorkers();
                _over.Task.Wait();
            }
        }
        finally
        {
            _over.TrySetResult();
            _rings?.Dispose();
        }

        _filesystem.Destroyed();
        lock (_gate)
        {
            if (_failure is not null)
            {
                Errno errno = (_failure as FuseMountException)?.Errno ?? Errno.EIO;
                throw new FuseMountException(errno, $"serving {_mount.MountPoint} ended: {_failure.Message}");
            }
        }
    }

    /// <summary>
    /// Ends the session from outside, from any thread but a worker's: unmounts, waiting up to <paramref name="grace"/>
    /// for who uses the mount; then writes back what the kernel holds and ends it all the same, so that files still
    /// open answer ENOTCONN. Returns when <see cref="Run"/> is about to.
    /// </summary>
    public void Stop(TimeSpan grace)
    {
        DateTime deadline = DateTime.UtcNow + grace;
        while (!_over.Task.IsCompleted)
        {
            Errno error = _mount.TryUnmount();
            TimeSpan left = deadline - DateTime.UtcNow;
            if (error == Errno.None && !_mount.IsMounted)
            {
                // Gone from the tree. Who still has a file open there after a lazy unmount has its grace, too.
                _ = _over.Task.Wait(left > RetryInterval ? left : RetryInterval);
                break;
            }

            if (left <= TimeSpan.Zero)
            {
                WriteBack();
                break;
            }

            _ = _over.Task.Wait(left < RetryInterval ? left : RetryInterval);
        }

        if (!_over.Task.IsCompleted)
        {
            End();
        }
    }

    /// <summary>
    /// Waits until every worker has passed the point between two requests: nothing that it began before this call is running
    /// then. One caller at a time, never a worker.
    /// </summary>
    /// <param name="clears">Whether each worker wipes its memory there (<see cref="IFuseWorker.Clear"/>).</param>
    /// <param name="limit">How long to wait.</param>
    /// <returns>False when a worker is still busy.</returns>
    public bool Round(bool clears, TimeSpan limit)
    {
        long round = ++_round;
        List<RequestPump> pumps;
        lock (_gate)
        {
            // A worker that starts later has nothing to wait for and nothing to wipe.
            pumps = [.. _pumps];
        }

        pumps.ForEach(pump => pump.AskToPass(round, clears));
        long deadline = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (true)
        {
            // A worker may begin to wait just after it was woken, so it is woken again. One that works is left alone: its
            // signal would interrupt a call on the lower tree.
            bool passed = true;
            _rota.CallAll();
            foreach (RequestPump pump in pumps.Where(pump => !pump.HasPassed(round)))
            {
                passed = false;
                if (pump.IsIdle)
                {
                    Libc.Wake(pump.ThreadId);
                }
            }

            if (passed || Environment.TickCount64 >= deadline)
            {
                return passed;
            }

            Thread.Sleep(1);
        }
    }

    /// <summary>
    /// Has the kernel send its dirty pages, by syncfs(2) on the mount point, if that still leads to this mount.
    /// </summary>
    /// <param name="limit">How long to wait; it goes on by itself after that.</param>
    /// <returns>False when that could not be asked for, or is not done.</returns>
    public bool Synchronize(TimeSpan limit)
    {
        if (!_mount.IsMounted)
        {
            return false;
        }

        byte[] path = System.Text.Encoding.UTF8.GetBytes(_mount.MountPoint);
        Errno error = Errno.EBUSY;
        var sync = new Thread(() =>
        {
            error = Libc.OpenPath(path, OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? root);
            using (root)
            {
                // An error is that of a write, which the filesystem answered itself.
                error = error == Errno.None ? Libc.SyncFilesystem(root!) : error;
            }
        })
        {
            IsBackground = true,
            Name = "fuse-sync",
        };
        sync.Start();
        return sync.Join(limit) && error == Errno.None;
    }

    /// <summary>Closes the device, and takes the mount away if it is still there, so that no dead one is left.</summary>
    public void Dispose() => _mount.Dispose();

    private bool Negotiate()
    {
        using var channel = new DeviceChannel(_mount.Device, ownsDevice: false);
        if (!Handshake.Run(channel, _filesystem, PrepareRings))
        {
            return false;
        }

        return _rings is not null || _options.Carrier != FuseCarrier.IoUring ? true : throw NoRings();
    }

    private void StartWorkers()
    {
        _ = BackingDevice.SetReadahead(_mount.Connection, _options.Readahead); // Plain users may not; it is only speed.
        int workers = Math.Clamp(
            _options.Workers ?? Math.Clamp(Environment.ProcessorCount, 2, 4), 1, FuseSessionOptions.MostWorkers);
        if (_rings is null ? Start(workers, []) : StartOnRings(_rings, workers))
        {
            _options.Ready?.Invoke();
        }
    }

    /// <summary>Starts threads and waits until each can serve.</summary>
    /// <returns>False when one failed.</returns>
    private bool Start(int onDevice, UringChannel[] rings)
    {
        using var started = new CountdownEvent(onDevice + rings.Length);
        lock (_gate)
        {
            for (int i = 0; i < onDevice; i++)
            {
                StartWorker(started, null, DeviceQueue);
            }

            foreach (UringChannel ring in rings)
            {
                StartWorker(started, ring, ring.Queue);
            }
        }

        started.Wait();
        lock (_gate)
        {
            return _failure is null;
        }
    }

    /// <summary>Starts one more thread; <c>_gate</c> is held.</summary>
    private void StartWorker(CountdownEvent? started, UringChannel? ring, int queue)
    {
        _runningWorkers++;
        var thread = new Thread(() => Work(started, ring, queue))
        {
            IsBackground = true,
            Name = string.Create(CultureInfo.InvariantCulture, $"fuse-{_startedWorkers++}"),
        };
        thread.Start();
    }

    /// <summary>A request took long: if all workers of its queue are busy, one more is to serve who waits.</summary>
    private void Grow(int queue)
    {
        lock (_gate)
        {
            int most = FuseSessionOptions.GrownWorkers + (_queues > 0 ? (UringQueues.Depth * _queues) + 1 : 0);
            if (_options.Workers is null
                && queue == DeviceQueue == (_queues == 0)
                && _runningWorkers < most
                && _startedWorkers == _pumps.Count // None is still starting, or failed to.
                && _pumps.TrueForAll(pump => pump.Queue != queue || !pump.IsIdle))
            {
                StartWorker(started: null, ring: null, queue);
            }
        }
    }

    private FuseChannel Open(int queue)
    {
        if (queue == DeviceQueue)
        {
            return DeviceChannel.Clone(_mount.Device);
        }

        Errno error = UringChannel.Create(_mount.Device, queue, out UringChannel? ring);
        return ring ?? throw new FuseMountException(error, $"no further io_uring: {error}");
    }

    private void Work(CountdownEvent? started, UringChannel? ring, int queue)
    {
        bool further = started is null;
        bool serving = false;
        bool failed = false;
        try
        {
            using FuseChannel channel = ring ?? Open(queue);
            using IFuseWorker worker = _filesystem.CreateWorker();
            if (channel.Begin() != Errno.None)
            {
                lock (_gate)
                {
                    _refusedWorkers++;
                    _startedWorkers--;
                }

                return;
            }

            // A queue's requests go to its own workers; only those of the device wait for the same ones.
            WorkerRota.Member? turn = queue == DeviceQueue ? _rota.Join() : null;
            var pump = new RequestPump(channel, worker, _options, () => Grow(queue), turn) { Queue = queue };
            lock (_gate)
            {
                _pumps.Add(pump);
            }

            started?.Signal();
            started = null;
            serving = true;
            pump.Run();
            if (pump.Ending == Errno.ENODEV)
            {
                _mount.MarkGone();
            }
        }
#pragma warning disable CA1031 // Reported, or carried to the thread in Run, which throws it.
        catch (Exception exception) when (further && !serving)
        {
            _options.Fault?.Invoke(new FuseFault(default, 0, exception));
        }
        catch (Exception exception)
#pragma warning restore CA1031
        {
            lock (_gate)
            {
                _failure ??= exception;
            }

            failed = true;
        }
        finally
        {
            started?.Signal();
            if (queue == DeviceQueue)
            {
                _rota.End();
            }

            LeaveWorker();
        }

        if (failed)
        {
            End();
        }
    }

    private void LeaveWorker()
    {
        lock (_gate)
        {
            if (--_runningWorkers == 0)
            {
                _over.TrySetResult();
            }
        }
    }

    /// <summary>Has the kernel send its dirty pages, and waits, with a limit, until the workers took them.</summary>
    private void WriteBack()
    {
        _ = Synchronize(DrainLimit);
        WaitUntilDrained();
    }

    /// <summary>Ends the connection; where that needs a privilege we lack, ends at least our side of it.</summary>
    private void End()
    {
        if (_mount.Abort() && _over.Task.Wait(DrainLimit))
        {
            return;
        }

        lock (_gate)
        {
            _pumps.ForEach(pump => pump.Close());
        }

        WaitUntilDrained();
        _over.TrySetResult();
    }

    /// <summary>
    /// Waits until all workers wait for requests, seen several times in a row: the kernel's queue is empty then, since
    /// it wakes a waiting worker for whatever it queues.
    /// </summary>
    private void WaitUntilDrained()
    {
        const int confirmations = 3;
        DateTime deadline = DateTime.UtcNow + DrainLimit;
        for (int idle = 0; idle < confirmations && DateTime.UtcNow < deadline;)
        {
            lock (_gate)
            {
                idle = _pumps.TrueForAll(pump => pump.IsIdle) ? idle + 1 : 0;
            }

            if (_over.Task.Wait(TimeSpan.FromMilliseconds(10)))
            {
                return;
            }
        }
    }
}
