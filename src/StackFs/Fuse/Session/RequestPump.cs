using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// Moves requests from a channel through a worker and sends the replies: the loop of one thread. Nothing in it
/// allocates, and it holds the only catch-all of the filesystem.
/// </summary>
internal sealed class RequestPump
{
    // Long enough that another thread would have served somebody meanwhile; the clock it is measured by ticks in 4 ms.
    private const long SlowMilliseconds = 10;

    private readonly FuseChannel _channel;
    private readonly IFuseWorker _worker;
    private readonly FuseSessionOptions _options;
    private readonly Action? _slow;
    private readonly WorkerRota.Member? _turn;
    private int _busy;
    private int _closed;
    private int _ended;
    private long _roundWanted;
    private long _roundPassed;
    private int _clears;

    /// <summary>Ties <paramref name="worker"/> to <paramref name="channel"/>; owns neither.</summary>
    /// <param name="channel">Where requests come from.</param>
    /// <param name="worker">What handles them.</param>
    /// <param name="options">Where faults and traces go.</param>
    /// <param name="slow">Called on this thread after a request that kept it busy for long.</param>
    /// <param name="turn">Its part in the rota, where several pumps wait for the same requests.</param>
    public RequestPump(
        FuseChannel channel,
        IFuseWorker worker,
        FuseSessionOptions options,
        Action? slow = null,
        WorkerRota.Member? turn = null)
    {
        _slow = slow;
        _turn = turn;
        _channel = channel;
        _worker = worker;
        _options = options;
        if (channel.LateReplies is { } replies)
        {
            worker.Attach(replies);
        }
    }

    /// <summary>What this pump did so far.</summary>
    public WorkerCounters Counters { get; } = new();

    /// <summary>The queue that its channel belongs to; -1 for the device, which is every processor's.</summary>
    public int Queue { get; init; } = -1;

    /// <summary>Whether the pump waits for a request.</summary>
    public bool IsIdle => Volatile.Read(ref _busy) == 0;

    /// <summary>The thread that runs the pump, for <see cref="Libc.Wake"/>.</summary>
    public int ThreadId { get; private set; }

    /// <summary>
    /// Asks the pump to pass the point between two requests once more; from any thread, one round after the other.
    /// </summary>
    /// <param name="round">Greater than any before.</param>
    /// <param name="clears">Whether worker and channel wipe their memory there.</param>
    public void AskToPass(long round, bool clears)
    {
        Volatile.Write(ref _clears, clears ? 1 : 0);
        Interlocked.Exchange(ref _roundWanted, round);
    }

    /// <summary>Whether the pump passed, or handles nothing any more.</summary>
    public bool HasPassed(long round) => Volatile.Read(ref _roundPassed) >= round || Volatile.Read(ref _ended) != 0;

    /// <summary>
    /// From now on no request reaches the worker. One that it handles already goes on: wait for <see cref="IsIdle"/>.
    /// </summary>
    public void Close() => Interlocked.Exchange(ref _closed, 1);

    /// <summary>
    /// Why the pump ended: ENODEV, the mount is gone; ECONNABORTED, its connection was aborted; none, it was closed.
    /// </summary>
    public Errno Ending { get; private set; }

    /// <summary>Handles requests until the connection is gone or the pump is closed.</summary>
    /// <exception cref="FuseMountException">The device answered what it never should.</exception>
    public void Run()
    {
        ThreadId = Libc.CurrentThread;
        try
        {
            while (RunOnce())
            {
            }
        }
        finally
        {
            Volatile.Write(ref _ended, 1);
        }
    }

    /// <summary>Waits for one request and handles it.</summary>
    /// <returns>False when the connection is gone or the pump is closed.</returns>
    internal bool RunOnce()
    {
        _turn?.TakeTurn();
        if (Volatile.Read(ref _roundWanted) != _roundPassed)
        {
            Pass();
        }

        Errno error = _channel.Receive(out ReadOnlySpan<byte> message);
        if (error == Errno.EINTR)
        {
            return true;
        }

        if (error is Errno.ENODEV or Errno.ECONNABORTED)
        {
            Ending = error;
            return false;
        }

        if (error != Errno.None)
        {
            throw new FuseMountException(error, $"asking the kernel for requests failed: {error}");
        }

        // Busy before looking whether closed; Close and IsIdle look the other way round, so one of the two sees the other.
        Interlocked.Exchange(ref _busy, 1);
        try
        {
            long begun = Environment.TickCount64;
            bool goOn = Volatile.Read(ref _closed) == 0 && Process(message);
            if (Environment.TickCount64 - begun >= SlowMilliseconds)
            {
                _slow?.Invoke();
            }

            return goOn;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private void Pass()
    {
        long round = Volatile.Read(ref _roundWanted);
        if (Volatile.Read(ref _clears) != 0)
        {
            _worker.Clear();
            _channel.Clear();
        }

        Volatile.Write(ref _roundPassed, round);
    }

    private bool Process(ReadOnlySpan<byte> message)
    {
        if (!FuseRequest.TryParse(message, out FuseRequest request))
        {
            Counters.Malformed++;
            return true;
        }

        FuseOpcode opcode = request.Header.Opcode;
        Counters.Count(opcode);
        _turn?.Begin(opcode.IsAwaited());
        var reply = new ReplyWriter(_channel.ReplyBuffer);
        Handle(in request, ref reply);
        _turn?.End();
        ReadOnlySpan<byte> answer = reply.IsSilent || reply.IsLate ? default : reply.Finish(request.Header.Unique);
        _options.Trace?.Invoke(in request, reply.Error, answer.Length);
        return answer.IsEmpty || Send(in request, answer);
    }

    private void Handle(in FuseRequest request, ref ReplyWriter reply)
    {
        FuseOpcode opcode = request.Header.Opcode;
        switch (opcode)
        {
            case FuseOpcode.Interrupt:
                // The interrupted request is another worker's, and system calls on the lower tree are short; only one that
                // waits for a lock is to give up.
                Counters.Interrupts++;
                _worker.Interrupt(request.Reader.Read<FuseInterruptIn>().Unique);
                reply.None();
                return;

            case FuseOpcode.Destroy:
                reply.Ok();
                return;

            case FuseOpcode.Init:
                reply.Fail(Errno.EPROTO);
                return;

            default:
                break;
        }

        try
        {
            _worker.Handle(in request, ref reply);
        }
#pragma warning disable CA1031 // The one catch-all: a bug in one operation must not take the whole mount away.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Counters.Faults++;
            Report(new FuseFault(opcode, request.Header.Unique, exception));
            reply.Reset();
            reply.Fail(Errno.EIO);
        }

        if (!opcode.HasReply())
        {
            reply.Reset();
            reply.None();
        }
        else if (!reply.IsComplete || reply.IsSilent)
        {
            Counters.Unanswered++;
            Report(new FuseFault(opcode, request.Header.Unique, null));
            reply.Reset();
            reply.Fail(Errno.EIO);
        }
    }

    private bool Send(in FuseRequest request, ReadOnlySpan<byte> answer)
    {
        Errno error = _channel.Send(answer);
        switch (error)
        {
            case Errno.None or Errno.ENOENT:
                return true;

            case Errno.ENODEV or Errno.ECONNABORTED:
                Ending = error;
                return false;

            default:
                Counters.Rejected++;
                Report(new FuseFault(request.Header.Opcode, request.Header.Unique, null));
                return true;
        }
    }

    private void Report(FuseFault fault)
    {
        if (_options.AbortOnBug)
        {
            Environment.FailFast($"{fault.Opcode} (request {fault.Unique}) met a bug", fault.Exception);
        }

        _options.Fault?.Invoke(fault);
    }
}
