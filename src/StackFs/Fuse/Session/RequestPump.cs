using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// Moves requests from a channel through a worker and sends the replies: the loop of one thread. Nothing in it
/// allocates, and it holds the only catch-all of the filesystem.
/// </summary>
internal sealed class RequestPump
{
    private readonly FuseChannel _channel;
    private readonly IFuseWorker _worker;
    private readonly FuseSessionOptions _options;
    private int _busy;
    private int _closed;

    /// <summary>Ties <paramref name="worker"/> to <paramref name="channel"/>; owns neither.</summary>
    public RequestPump(FuseChannel channel, IFuseWorker worker, FuseSessionOptions options)
    {
        _channel = channel;
        _worker = worker;
        _options = options;
    }

    /// <summary>What this pump did so far.</summary>
    public WorkerCounters Counters { get; } = new();

    /// <summary>Whether the pump waits for a request.</summary>
    public bool IsIdle => Volatile.Read(ref _busy) == 0;

    /// <summary>
    /// From now on no request reaches the worker. One that it handles already goes on: wait for <see cref="IsIdle"/>.
    /// </summary>
    public void Close() => Interlocked.Exchange(ref _closed, 1);

    /// <summary>Handles requests until the mount is gone or the pump is closed.</summary>
    /// <exception cref="FuseMountException">The device answered what it never should.</exception>
    public void Run()
    {
        while (RunOnce())
        {
        }
    }

    /// <summary>Waits for one request and handles it.</summary>
    /// <returns>False when the mount is gone or the pump is closed.</returns>
    internal bool RunOnce()
    {
        Errno error = _channel.Receive(out ReadOnlySpan<byte> message);
        if (error == Errno.ENODEV)
        {
            return false;
        }

        if (error != Errno.None)
        {
            throw new FuseMountException(error, $"reading /dev/fuse failed: {error}");
        }

        // Busy before looking whether closed; Close and IsIdle look the other way round, so one of the two sees the other.
        Interlocked.Exchange(ref _busy, 1);
        try
        {
            return Volatile.Read(ref _closed) == 0 && Process(message);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
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
        var reply = new ReplyWriter(_channel.ReplyBuffer);
        Handle(in request, ref reply);
        ReadOnlySpan<byte> answer = reply.IsSilent ? default : reply.Finish(request.Header.Unique);
        _options.Trace?.Invoke(in request, reply.Error, answer.Length);
        return answer.IsEmpty || Send(in request, answer);
    }

    private void Handle(in FuseRequest request, ref ReplyWriter reply)
    {
        FuseOpcode opcode = request.Header.Opcode;
        switch (opcode)
        {
            case FuseOpcode.Interrupt:
                // The interrupted request is another worker's, and system calls on the lower tree are short.
                Counters.Interrupts++;
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

            case Errno.ENODEV:
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
