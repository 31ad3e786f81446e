using System.Diagnostics;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Transport;

/// <summary>The ways in which a mount begins and ends.</summary>
public sealed class EndingTests : IDisposable
{
    private readonly FuseHostProcess _host = new();

    public void Dispose() => _host.Dispose();

    [TransportFact]
    public void A_mount_begins_while_others_come_and_go()
    {
        // Readers of the mount table miss lines while it changes; who begins to serve must not depend on it.
        string other = Directory.CreateTempSubdirectory("others-").FullName;
        using var churn = Process.Start(
            "sh", ["-c", "trap 'umount \"$1\" 2>/dev/null; exit 0' TERM; while :; do mount -t tmpfs other \"$1\" && umount \"$1\"; done", "sh", other]);
        try
        {
            for (int i = 0; i < 5; i++)
            {
                using var host = new FuseHostProcess();
                host.Start();
                Assert.True(Sys.Umount(host.MountPoint, 0).Ok);
                Assert.Equal(0, host.WaitForExit());
            }
        }
        finally
        {
            Sys.Kill(churn.Id, Sys.SIGTERM);
            churn.WaitForExit();
            Directory.Delete(other);
        }
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Umount_ends_the_process(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start();
        File.WriteAllText(Path.Combine(_host.MountPoint, "a"), "text");

        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
        _host.AssertEndsWell();
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void SIGTERM_unmounts_and_ends_the_process(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(["--writeback"]);
        File.WriteAllBytes(Path.Combine(_host.MountPoint, "a"), new byte[3 << 20]);

        _host.Signal(Sys.SIGTERM);
        _host.AssertEndsWell();
        Assert.Contains("writes 3\n", _host.Output, StringComparison.Ordinal);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void SIGTERM_while_a_file_is_open_writes_back_and_ends_all_the_same(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(["--writeback", "--grace-ms=200"]);
        int fd = Sys.Open(Path.Combine(_host.MountPoint, "open"), Sys.O_RDWR | Sys.O_CREAT).Count;
        Assert.Equal(3 << 20, Sys.Write(fd, new byte[3 << 20]).Count);

        _host.Signal(Sys.SIGTERM);
        _host.AssertEndsWell();

        Assert.Contains("writes 3\n", _host.Output, StringComparison.Ordinal);
        Assert.Equal("ENOTCONN", Sys.Fsync(fd).Name);
        Sys.Close(fd);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void SIGTERM_waits_for_who_uses_the_mount(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(["--grace-ms=20000"]);
        int fd = Sys.Open(Path.Combine(_host.MountPoint, "open"), Sys.O_RDWR | Sys.O_CREAT).Count;

        _host.Signal(Sys.SIGTERM);
        Thread.Sleep(300);
        Assert.Equal(4, Sys.Write(fd, "text"u8).Count);
        Assert.True(Sys.Close(fd).Ok);
        _host.AssertEndsWell();
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void A_lazy_unmount_serves_open_files_to_their_end(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start();
        int fd = Sys.Open(Path.Combine(_host.MountPoint, "open"), Sys.O_RDWR | Sys.O_CREAT).Count;
        Assert.True(Sys.Umount(_host.MountPoint, Sys.MNT_DETACH).Ok);
        Assert.False(_host.IsListed);

        Assert.Equal(4, Sys.Write(fd, "text"u8).Count);
        byte[] buffer = new byte[4];
        Assert.Equal(4, Sys.Pread(fd, buffer, 0).Count);
        Assert.Equal("text"u8, buffer);
        Assert.True(Sys.Close(fd).Ok);
        _host.AssertEndsWell();
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void SIGTERM_after_a_lazy_unmount_leaves_other_mounts_there_alone(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(["--grace-ms=200"]);
        int fd = Sys.Open(Path.Combine(_host.MountPoint, "open"), Sys.O_RDWR | Sys.O_CREAT).Count;
        Assert.True(Sys.Umount(_host.MountPoint, Sys.MNT_DETACH).Ok);
        Assert.True(Sys.Mount("other", _host.MountPoint, "tmpfs", 0, null).Ok);

        _host.Signal(Sys.SIGTERM);
        Assert.Equal(0, _host.WaitForExit());
        Sys.Close(fd);
        Assert.True(_host.IsListed);
        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void A_mount_whose_process_died_is_told_apart(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start();
        _host.Signal(Sys.SIGKILL);
        _host.WaitForExit();

        // The kernel closes rings a moment after the process is gone; a request sent meanwhile is answered then.
        if (Sys.Mkdir(Path.Combine(_host.MountPoint, "d")).Name == "ECONNABORTED")
        {
            Assert.Equal(OnIoUringAttribute.Carrier, carrier);
        }

        Assert.Equal("ENOTCONN", Sys.Mkdir(Path.Combine(_host.MountPoint, "d")).Name);

        _host.StartWithoutWaiting();
        Assert.Equal(1, _host.WaitForExit());
        Assert.Contains("is a mount whose process is gone", _host.Output, StringComparison.Ordinal);
        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void An_aborted_connection_leaves_no_dead_mount(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start();
        string control = Directory.CreateTempSubdirectory("fuse-control-").FullName;
        Assert.True(Sys.Mount("fusectl", control, "fusectl", 0, null).Ok);
        try
        {
            File.WriteAllText(Path.Combine(control, $"{MountTable.Connection(_host.ListedAs)}", "abort"), "1");
        }
        finally
        {
            Assert.True(Sys.Umount(control, 0).Ok);
            Directory.Delete(control);
        }

        Assert.Equal(0, _host.WaitForExit());
        Assert.False(_host.IsListed);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void An_abort_with_requests_in_flight_answers_all_of_them(string carrier)
    {
        _host.Carrier = carrier;
        EndsUnderLoad(() => Assert.True(Sys.Umount(_host.MountPoint, Sys.MNT_FORCE | Sys.MNT_DETACH).Ok), []);
        Assert.Equal(0, _host.WaitForExit());
        Assert.Contains("ended\n", _host.Output, StringComparison.Ordinal);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void SIGTERM_under_load_ends_the_mount(string carrier)
    {
        _host.Carrier = carrier;
        EndsUnderLoad(() => _host.Signal(Sys.SIGTERM), ["--grace-ms=200"]);
        _host.AssertEndsWell();
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void A_killed_process_leaves_nobody_waiting(string carrier)
    {
        _host.Carrier = carrier;
        EndsUnderLoad(() => _host.Signal(Sys.SIGKILL), []);
        _host.WaitForExit();
        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
    }

    [TransportFact]
    public void A_missing_mount_point_is_named()
    {
        Directory.Delete(_host.MountPoint);
        _host.StartWithoutWaiting();

        Assert.Equal(1, _host.WaitForExit());
        Assert.Equal($"the mount point {_host.MountPoint} does not exist; create it first\n", _host.Output);
        Directory.CreateDirectory(_host.MountPoint);
    }

    [TransportFact]
    public void A_file_is_no_mount_point()
    {
        Directory.Delete(_host.MountPoint);
        File.WriteAllText(_host.MountPoint, string.Empty);
        _host.StartWithoutWaiting();

        Assert.Equal(1, _host.WaitForExit());
        Assert.Contains("is not a directory", _host.Output, StringComparison.Ordinal);
    }

    /// <summary>Ends the mount while eight threads use it, and waits until each of them was answered.</summary>
    private void EndsUnderLoad(Action end, string[] options)
    {
        _host.Start(["--valid=0", "--writeback", .. options]);
        bool over = false;
        int[] done = new int[8];
        Thread[] threads = [.. Enumerable.Range(0, done.Length).Select(thread => new Thread(() =>
        {
            byte[] data = new byte[100_000];
            int fd = Sys.Open(Path.Combine(_host.MountPoint, $"{thread}"), Sys.O_RDWR | Sys.O_CREAT).Count;
            while (!Volatile.Read(ref over))
            {
                // Once the mount is gone the name leads to the directory below, and the file answers ENOTCONN.
                _ = thread % 2 == 0 ? Sys.Stat(Path.Combine(_host.MountPoint, "slow"), out _) : default;
                if (Sys.Pwrite(fd, data, 0).Ok && Sys.Fsync(fd).Ok)
                {
                    done[thread]++;
                }
            }

            Sys.Close(fd);
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Assert.True(SpinWait.SpinUntil(() => Array.TrueForAll(done, count => count > 0), TimeSpan.FromSeconds(20)));
        end();
        Thread.Sleep(300);
        Volatile.Write(ref over, true);
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(20)), "a caller was never answered"));
    }
}
