using StackFs.Fuse;

namespace StackFs.Tests.Unit.Fuse;

public sealed class WorkerRotaTests
{
    // Far longer than anything here takes; reached only when a test fails.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private volatile bool _requestsWait;

    [Fact]
    public void Who_meets_nobody_at_work_stands_by_until_called()
    {
        WorkerRota rota = new(() => _requestsWait);
        WorkerRota.Member first = rota.Join();
        WorkerRota.Member second = rota.Join();
        Serve(first, 1000);
        first.TakeTurn();
        Serve(second, 1000);
        Thread turn = TakeTurn(second);
        WaitFor(() => rota.Standing == 1);
        Assert.False(turn.Join(50));

        rota.Call();
        Assert.True(turn.Join(Limit));
        Assert.Equal(0, rota.Standing);
    }

    [Fact]
    public void Who_meets_others_at_work_goes_on()
    {
        WorkerRota rota = new(() => _requestsWait);
        WorkerRota.Member first = rota.Join();
        WorkerRota.Member second = rota.Join();
        first.Begin(awaited: true);
        Serve(second, 1000);
        second.TakeTurn();

        first.End();
        first.Begin(awaited: false);
        Serve(second, 1000);
        Thread turn = TakeTurn(second);
        Assert.True(turn.Join(Limit), "it came back for the one that the first is busy with");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_request_that_keeps_the_first_busy_brings_another(bool afterSleep)
    {
        WorkerRota rota = new(() => _requestsWait);
        WorkerRota.Member first = rota.Join();
        WorkerRota.Member second = rota.Join();
        Serve(second, 1000);
        Thread turn = TakeTurn(second);
        WaitFor(() => rota.Standing == 1);
        if (afterSleep)
        {
            WaitFor(() => rota.Sleeps);
        }

        first.Begin(awaited: true);
        Assert.True(turn.Join(Limit));
    }

    [Fact]
    public void Requests_that_wait_bring_another_when_all_are_busy()
    {
        WorkerRota rota = new(() => _requestsWait);
        WorkerRota.Member first = rota.Join();
        WorkerRota.Member second = rota.Join();
        Serve(second, 1000);
        Thread turn = TakeTurn(second);
        WaitFor(() => rota.Standing == 1);
        _requestsWait = true;
        using var stop = new CancellationTokenSource(Limit);
        while (turn.IsAlive && !stop.IsCancellationRequested)
        {
            // One request after the other, none of them long.
            first.Begin(awaited: true);
        }

        Assert.False(stop.IsCancellationRequested);
    }

    [Fact]
    public void The_end_calls_all()
    {
        WorkerRota rota = new(() => _requestsWait);
        _ = rota.Join();
        WorkerRota.Member[] others = [rota.Join(), rota.Join(), rota.Join()];
        Array.ForEach(others, member => Serve(member, 1000));
        Thread[] turns = [.. others.Select(TakeTurn)];
        WaitFor(() => rota.Standing == 3);

        rota.End();
        Assert.All(turns, turn => Assert.True(turn.Join(Limit)));
    }

    private static void Serve(WorkerRota.Member member, int requests)
    {
        for (int i = 0; i < requests; i++)
        {
            member.Begin(awaited: true);
            member.End();
        }
    }

    private static Thread TakeTurn(WorkerRota.Member member)
    {
        Thread turn = new(member.TakeTurn) { IsBackground = true };
        turn.Start();
        return turn;
    }

    private static void WaitFor(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Limit));
}
