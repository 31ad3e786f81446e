using System.Diagnostics;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Sharing;

/// <summary>Locks taken on one of two mounts that share a lower directory hold on the other, and on the same one.</summary>
public sealed class LockTests
{
    private const short Read = 0;
    private const short Write = 1;
    private const short Unlock = 2;

    [StackFsFact]
    public void Record_locks_and_flock_are_seen_on_the_other_mount()
    {
        using SharedPair pair = new("allow_other,shared");
        File.WriteAllText(pair.First.Upper + "/f", "content");
        int one = Opened(pair.First.Upper), two = Opened(pair.Second.Upper), third = Opened(pair.First.Upper);

        // Write locks on bytes 10 to 19 of one keep the others off those bytes, and no others.
        Assert.Equal("ok", Set(one, Write, 10, 10));
        foreach (int other in new[] { two, third })
        {
            Assert.Equal("EAGAIN", Set(other, Write, 19, 1));
            Assert.Equal("EAGAIN", Set(other, Read, 0, 0));
            Assert.Equal("ok", Set(other, Write, 20, 1));
            Assert.Equal("ok", Set(other, Unlock, 20, 1));
            short type = Write;
            Assert.True(Sys.Lock(other, Sys.F_OFD_GETLK, ref type, 15, 1).Ok);
            Assert.Equal(Write, type);
            type = Write;
            Assert.True(Sys.Lock(other, Sys.F_OFD_GETLK, ref type, 0, 10).Ok);
            Assert.Equal(Unlock, type);
        }

        // A record lock does not keep anybody from reading or writing, nor from an flock.
        Assert.Equal(1, Sys.Pwrite(two, "C"u8, 0).Value);
        Assert.True(Sys.Flock(two, Sys.LOCK_EX).Ok);
        Assert.Equal("EAGAIN", Sys.Flock(one, Sys.LOCK_SH | Sys.LOCK_NB).Name);
        Assert.Equal("EAGAIN", Sys.Flock(third, Sys.LOCK_SH | Sys.LOCK_NB).Name);
        Assert.True(Sys.Flock(two, Sys.LOCK_SH).Ok);
        Assert.True(Sys.Flock(one, Sys.LOCK_SH | Sys.LOCK_NB).Ok);

        // Closing gives all of it back, a moment after: the kernel releases a file behind close(2).
        Assert.True(Sys.Close(one).Ok);
        Assert.Equal("ok", Lock(two, Sys.F_OFD_SETLKW, Write, 0, 0));
        Assert.True(Sys.Close(two).Ok);
        Assert.Equal("ok", Lock(third, Sys.F_OFD_SETLKW, Write, 0, 0));
        Assert.True(Sys.Flock(third, Sys.LOCK_EX).Ok);
        Assert.True(Sys.Close(third).Ok);
    }

    /// <summary>More programs wait than the mount has threads, and it serves others meanwhile; each gets its turn.</summary>
    [StackFsFact]
    public void Waiting_takes_no_worker_and_ends_when_the_lock_is_given_back()
    {
        using SharedPair pair = new("allow_other,shared,threads=2");
        File.WriteAllText(pair.First.Upper + "/f", "content");
        File.WriteAllText(pair.First.Upper + "/other", "content");
        int holder = Opened(pair.Second.Upper);
        Assert.True(Sys.Flock(holder, Sys.LOCK_EX).Ok);
        int got = 0;
        Thread[] waiters = [.. Enumerable.Range(0, 8).Select(i => new Thread(() =>
        {
            int fd = Opened(pair.First.Upper);
            if (Sys.Flock(fd, Sys.LOCK_EX).Ok)
            {
                Interlocked.Increment(ref got);
            }

            Sys.Close(fd);
        }))];
        Array.ForEach(waiters, t => t.Start());
        Thread.Sleep(200);
        Assert.Equal(0, got);
        Assert.Equal("content", File.ReadAllText(pair.First.Upper + "/other"));
        Assert.True(Sys.Close(holder).Ok);
        Assert.All(waiters, t => Assert.True(t.Join(TimeSpan.FromSeconds(10)), "a waiter was forgotten"));
        Assert.Equal(8, got);
    }

    /// <summary>A program that waits can be ended, and the lock it held before is free then.</summary>
    [StackFsFact]
    public void Who_is_killed_while_waiting_goes_and_leaves_no_lock()
    {
        using SharedPair pair = new("allow_other,shared");
        File.WriteAllText(pair.First.Upper + "/f", "content");
        int holder = Opened(pair.First.Upper);
        Assert.True(Sys.Flock(holder, Sys.LOCK_EX).Ok);
        using Process waiter = Process.Start("flock", [pair.Second.Upper + "/f", "sleep", "60"]);
        Thread.Sleep(300);
        Assert.False(waiter.HasExited);
        Sys.Kill(waiter.Id, Sys.SIGTERM);
        Assert.True(waiter.WaitForExit(5000), "it could not be interrupted");
        Assert.True(Sys.Close(holder).Ok);
        int next = Opened(pair.First.Upper);
        Assert.True(Sys.Flock(next, Sys.LOCK_EX).Ok);
        Assert.True(Sys.Close(next).Ok);

        // The mount that is killed gives all of its locks back.
        int lost = Opened(pair.Second.Upper);
        Assert.True(Sys.Flock(lost, Sys.LOCK_EX).Ok);
        pair.Second.Kill();
        Sys.Close(lost);
        next = Opened(pair.First.Upper);
        Assert.True(Sys.Flock(next, Sys.LOCK_EX).Ok);
        Assert.True(Sys.Close(next).Ok);
    }

    /// <summary>POSIX: closing any descriptor of a file gives back the process's record locks on it.</summary>
    [StackFsFact]
    public void Record_locks_of_a_process_go_with_its_first_close()
    {
        using SharedPair pair = new("allow_other,shared");
        File.WriteAllText(pair.First.Upper + "/f", "content");
        int one = Opened(pair.First.Upper), again = Opened(pair.First.Upper), other = Opened(pair.Second.Upper);
        short type = Write;
        Assert.True(Sys.Lock(one, Sys.F_SETLK, ref type, 0, 5).Ok);
        Assert.Equal("EAGAIN", Set(other, Write, 0, 1));
        Assert.True(Sys.Close(again).Ok);
        Assert.Equal("ok", Set(other, Write, 0, 1));
        Assert.True(Sys.Close(other).Ok);
        Assert.True(Sys.Close(one).Ok);
    }

    private static string Set(int fd, short type, long start, long length) =>
        Lock(fd, Sys.F_OFD_SETLK, type, start, length);

    private static string Lock(int fd, int command, short type, long start, long length) =>
        Sys.Lock(fd, command, ref type, start, length).Name;

    private static int Opened(string upper)
    {
        Result result = Sys.Open(upper + "/f", Sys.O_RDWR);
        Assert.True(result.Ok, result.ToString());
        return (int)result.Value;
    }
}
