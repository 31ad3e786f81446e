using StackFs.Fuse;
using StackFs.Keyring.Interop;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Fuse;

public sealed class RequestPumpTests : IDisposable
{
    private readonly MemoryChannel _channel = new();
    private readonly List<FuseFault> _faults = [];

    public void Dispose() => _channel.Dispose();

    [Fact]
    public void An_exception_answers_EIO_is_counted_and_reported()
    {
        _channel.Add(MemoryChannel.Request(FuseOpcode.Read, default(FuseReadIn)));
        RequestPump pump = Run((in FuseRequest _, ref ReplyWriter reply) =>
        {
            reply.Complete(100);
            throw new InvalidOperationException("bug");
        });

        Assert.Equal(Errno.EIO, _channel.LastError);
        Assert.Equal(16, _channel.Sent[^1].Length);
        Assert.Equal(1, pump.Counters.Faults);
        Assert.Equal(0, pump.Counters.Unanswered);
        FuseFault fault = Assert.Single(_faults);
        Assert.Equal((FuseOpcode.Read, 2ul, "bug"), (fault.Opcode, fault.Unique, fault.Exception?.Message));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_request_left_unanswered_answers_EIO(bool none)
    {
        _channel.Add(MemoryChannel.Request(FuseOpcode.GetAttr, default(FuseGetAttrIn)));
        RequestPump pump = Run((in FuseRequest _, ref ReplyWriter reply) =>
        {
            if (none)
            {
                reply.None();
            }
        });

        Assert.Equal(Errno.EIO, _channel.LastError);
        Assert.Equal(1, pump.Counters.Unanswered);
        Assert.Single(_faults);
    }

    [Theory]
    [InlineData((int)FuseOpcode.Forget)]
    [InlineData((int)FuseOpcode.BatchForget)]
    public void Forgetting_is_never_answered(int opcode)
    {
        _channel.Add(MemoryChannel.Request((FuseOpcode)opcode, default(FuseForgetOne)));
        _channel.Add(MemoryChannel.Request((FuseOpcode)opcode, default(FuseForgetOne)));
        int call = 0;
        Run((in FuseRequest _, ref ReplyWriter reply) =>
        {
            if (call++ == 0)
            {
                reply.Fail(Errno.EINVAL);
            }
            else
            {
                throw new InvalidOperationException("bug");
            }
        });

        Assert.Empty(_channel.Sent);
        Assert.Single(_faults);
    }

    [Fact]
    public void The_session_keeps_its_own_requests()
    {
        _channel.Add(MemoryChannel.Request(FuseOpcode.Interrupt, default(FuseInterruptIn)));
        _channel.Add(MemoryChannel.Request(FuseOpcode.Destroy, default(ulong)));
        _channel.Add(MemoryChannel.Request(FuseOpcode.Init, default(FuseInitIn)));
        var worker = new HandlerWorker((in FuseRequest _, ref ReplyWriter reply) => reply.Ok());
        RequestPump pump = Run(worker);

        Assert.Equal(0, worker.Calls);
        Assert.Equal(1, pump.Counters.Interrupts);
        Assert.Equal(2, _channel.Sent.Count);
        Assert.Equal(Errno.EPROTO, _channel.LastError);
    }

    [Fact]
    public void What_is_no_request_is_dropped_and_counted()
    {
        _channel.Add([1, 2, 3]);
        _channel.Add(MemoryChannel.Request(FuseOpcode.StatFs, default(ulong)));
        RequestPump pump = Run((in FuseRequest _, ref ReplyWriter reply) => reply.Ok());

        Assert.Equal(1, pump.Counters.Malformed);
        Assert.Single(_channel.Sent);
        Assert.Equal(1, pump.Counters.Requests(FuseOpcode.StatFs));
    }

    [Fact]
    public void Opcodes_newer_than_ours_reach_the_worker()
    {
        _channel.Add(MemoryChannel.Request((FuseOpcode)1000, default(ulong)));
        Run((in FuseRequest _, ref ReplyWriter reply) => reply.Fail(Errno.ENOSYS));

        Assert.Equal(Errno.ENOSYS, _channel.LastError);
    }

    [Fact]
    public void A_caller_that_is_gone_is_no_fault_but_a_rejected_reply_is()
    {
        _channel.Add(MemoryChannel.Request(FuseOpcode.StatFs, default(ulong)));
        _channel.SendResult = Errno.ENOENT;
        Assert.Equal(0, Run((in FuseRequest _, ref ReplyWriter reply) => reply.Ok()).Counters.Rejected);
        Assert.Empty(_faults);

        _channel.Add(MemoryChannel.Request(FuseOpcode.StatFs, default(ulong)));
        _channel.SendResult = Errno.EINVAL;
        Assert.Equal(1, Run((in FuseRequest _, ref ReplyWriter reply) => reply.Ok()).Counters.Rejected);
        Assert.Single(_faults);
    }

    [Fact]
    public void A_closed_pump_hands_over_nothing()
    {
        _channel.Add(MemoryChannel.Request(FuseOpcode.StatFs, default(ulong)));
        var worker = new HandlerWorker((in FuseRequest _, ref ReplyWriter reply) => reply.Ok());
        var pump = new RequestPump(_channel, worker, new FuseSessionOptions());
        pump.Close();

        Assert.False(pump.RunOnce());
        Assert.Equal(0, worker.Calls);
        Assert.True(pump.IsIdle);
    }

    [Fact]
    public void Tracing_sees_request_and_outcome()
    {
        _channel.Add(MemoryChannel.Request(FuseOpcode.StatFs, default(ulong)));
        (FuseOpcode, Errno, int)? seen = null;
        using var worker = new HandlerWorker((in FuseRequest _, ref ReplyWriter reply) => reply.Fail(Errno.ENOKEY));
        new RequestPump(_channel, worker, new FuseSessionOptions
        {
            Trace = (in FuseRequest request, Errno error, int length) => seen = (request.Header.Opcode, error, length),
        }).Run();

        Assert.Equal((FuseOpcode.StatFs, Errno.ENOKEY, 16), seen);
    }

    [Fact]
    public void Requests_allocate_nothing()
    {
        byte[] read = MemoryChannel.Request(FuseOpcode.Read, new FuseReadIn { Size = 4096 });
        byte[] lookup = MemoryChannel.Request(FuseOpcode.Lookup, 0x62_61, "name\0"u8);
        byte[] mkdir = MemoryChannel.Request(FuseOpcode.MkDir, default(FuseMkDirIn), "name\0"u8);
        _channel.Forgetful = true;
        using var worker = new HandlerWorker(HandleWithoutAllocating);
        var pump = new RequestPump(_channel, worker, new FuseSessionOptions());

        Assert.Equal(0, Allocations.Of(() => Pump(pump, 10_000, read, lookup, mkdir)));

        Assert.Equal(0, pump.Counters.Requests(FuseOpcode.Read) % 10_000);
        Assert.NotEqual(0, pump.Counters.Requests(FuseOpcode.Read));
    }

    [Fact]
    public void A_round_is_passed_between_two_requests_and_clears_when_asked()
    {
        using var worker = new HandlerWorker((in FuseRequest _, ref ReplyWriter reply) => reply.Ok());
        var pump = new RequestPump(_channel, worker, new FuseSessionOptions());
        _channel.Endless = MemoryChannel.Request(FuseOpcode.StatFs, default(FuseReadIn));
        pump.AskToPass(1, clears: false);
        Assert.False(pump.HasPassed(1));
        Assert.True(pump.RunOnce());
        Assert.True(pump.HasPassed(1));
        Assert.Equal((0, 0), (worker.Clears, _channel.Clears));
        pump.AskToPass(2, clears: true);
        Assert.False(pump.HasPassed(2));
        Assert.True(pump.RunOnce());
        Assert.True(pump.RunOnce());
        Assert.True(pump.HasPassed(2));
        Assert.Equal((1, 1), (worker.Clears, _channel.Clears));
        Assert.Equal(3, worker.Calls);
    }

    [Fact]
    public void A_worker_that_is_woken_waits_again()
    {
        using var worker = new HandlerWorker((in FuseRequest _, ref ReplyWriter reply) => reply.Ok());
        var pump = new RequestPump(_channel, worker, new FuseSessionOptions());
        _channel.Interrupted = true;
        Assert.True(pump.RunOnce());
        Assert.Equal(0, worker.Calls);
        Assert.False(pump.RunOnce());
        Assert.Equal(Errno.ENODEV, pump.Ending);
    }

    [Fact]
    public void A_pump_that_has_ended_holds_up_no_round()
    {
        using var worker = new HandlerWorker((in FuseRequest _, ref ReplyWriter reply) => reply.Ok());
        RequestPump pump = Run(worker);
        pump.AskToPass(1, clears: true);
        Assert.True(pump.HasPassed(1));
    }

    private static void HandleWithoutAllocating(in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        switch (request.Header.Opcode)
        {
            case FuseOpcode.Read:
                int size = (int)reader.Read<FuseReadIn>().Size;
                reply.Payload[..size].Fill(1);
                reply.Complete(size);
                break;
            case FuseOpcode.Lookup:
                reader.ReadName();
                reply.Struct(new FuseEntryOut { NodeId = NodeId.Root });
                break;
            default:
                var writer = new DirEntryWriter(reply.Payload[..1024]);
                writer.TryAdd(reader.ReadName(), 1, 1, 4);
                reply.Complete(writer.Length);
                break;
        }
    }

    private void Pump(RequestPump pump, int times, byte[] first, byte[] second, byte[] third)
    {
        for (int i = 0; i < times; i++)
        {
            _channel.Endless = first;
            pump.RunOnce();
            _channel.Endless = second;
            pump.RunOnce();
            _channel.Endless = third;
            pump.RunOnce();
        }
    }

    private RequestPump Run(RequestHandler handler)
    {
        using var worker = new HandlerWorker(handler);
        return Run(worker);
    }

    private RequestPump Run(HandlerWorker worker)
    {
        var pump = new RequestPump(_channel, worker, new FuseSessionOptions { Fault = _faults.Add, AbortOnBug = false });
        pump.Run();
        Assert.True(pump.IsIdle);
        return pump;
    }
}
