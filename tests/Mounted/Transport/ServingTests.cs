using System.Security.Cryptography;
using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Transport;

/// <summary>Requests and replies over a real mount.</summary>
public sealed class ServingTests : IDisposable
{
    private readonly FuseHostProcess _host = new();

    public void Dispose() => _host.Dispose();

    [TransportTheory, OnDevice, OnIoUring]
    public void Files_are_made_written_read_listed_and_removed(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start();
        string directory = Path.Combine(_host.MountPoint, "d");
        Directory.CreateDirectory(directory);
        for (int i = 0; i < 500; i++)
        {
            File.WriteAllText(Path.Combine(directory, $"file {i}"), $"content {i}");
        }

        Assert.Equal(500, Directory.GetFiles(directory).Length);
        Assert.Equal("content 123", File.ReadAllText(Path.Combine(directory, "file 123")));
        Assert.False(File.Exists(Path.Combine(directory, "file 500")));
        Directory.Delete(directory, recursive: true);
        Assert.Empty(Directory.GetFileSystemEntries(_host.MountPoint));
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Large_files_come_back_as_they_went(string carrier)
    {
        _host.Carrier = carrier;
        CopyLargeFile([]);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Large_files_come_back_through_writeback_caching(string carrier)
    {
        _host.Carrier = carrier;
        CopyLargeFile(["--writeback"]);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Large_files_come_back_without_the_page_cache(string carrier)
    {
        _host.Carrier = carrier;
        CopyLargeFile(["--direct-io"]);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Many_threads_are_served_at_once(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(["--writeback", .. carrier == OnDeviceAttribute.Carrier ? new[] { "--workers=4" } : []]);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
        {
            for (int i = 0; i < 100; i++)
            {
                string path = Path.Combine(_host.MountPoint, $"{thread}-{i}");
                byte[] data = RandomNumberGenerator.GetBytes(10_000);
                File.WriteAllBytes(path, data);
                Assert.Equal(data, File.ReadAllBytes(path));
                Directory.GetFiles(_host.MountPoint, $"{thread}-*");
                File.Delete(path);
            }
        });
        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
        _host.AssertEndsWell();
        Assert.Contains("faults 0\n", _host.Output, StringComparison.Ordinal);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Nothing_is_allocated_from_the_device_to_the_reply(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(["--direct-io", .. carrier == OnDeviceAttribute.Carrier ? new[] { "--workers=1" } : []]);
        string path = Path.Combine(_host.MountPoint, "a");
        File.WriteAllBytes(path, new byte[4096]);
        int fd = Sys.Open(path, Sys.O_RDWR).Count;
        byte[] buffer = new byte[4096];
        for (int i = 0; i < 5000; i++)
        {
            Assert.Equal(4096, Sys.Pread(fd, buffer, 0).Count);
            Assert.Equal(4096, Sys.Pwrite(fd, buffer, 0).Count);
        }

        Assert.True(Sys.Close(fd).Ok);
        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
        _host.AssertEndsWell();

        // The file's own growth to 4 KiB, once; anything per request would be 240 KB at least.
        Assert.True(Figure("allocated") < 10_000, _host.Output);
    }

    [TransportFact(NeedsIoUring = true)]
    public void Over_io_uring_each_processor_has_two_workers_and_slow_requests_bring_more()
    {
        _host.Carrier = OnIoUringAttribute.Carrier;
        int workers = (2 * TransportFactAttribute.PossibleProcessors) + 1;
        _host.Start();
        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
        _host.AssertEndsWell();
        Assert.Equal(workers, Figure("workers"));

        using var slow = new FuseHostProcess { Carrier = OnIoUringAttribute.Carrier };
        Assert.True(WorkersAfterSlowRequests(slow, []) > workers);
    }

    [TransportFact(NeedsIoUring = true)]
    public void Fewer_threads_than_the_queues_need_leave_the_mount_on_the_device()
    {
        _host.Carrier = "Auto";
        Assert.Equal(1, WorkersAfterSlowRequests(_host, ["--workers=1"]));
        Assert.Contains("carrier Device\n", _host.Output, StringComparison.Ordinal);
    }

    [TransportFact(NeedsIoUring = true)]
    public void Io_uring_is_taken_where_the_kernel_offers_it()
    {
        _host.Carrier = "Auto";
        _host.Start();
        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
        _host.AssertEndsWell();
        Assert.Contains("carrier IoUring\n", _host.Output, StringComparison.Ordinal);
    }

    [TransportFact(NeedsIoUring = true)]
    public void Io_uring_that_cannot_be_had_is_told_in_one_line()
    {
        _host.Carrier = OnIoUringAttribute.Carrier;
        _host.StartWithoutWaiting(["--workers=1"]);
        Assert.Equal(1, _host.WaitForExit());
        Assert.StartsWith("carrier=uring is not to be had", _host.Output, StringComparison.Ordinal);
        Assert.Equal(1, _host.Output.Count(c => c == '\n'));
        Assert.False(_host.IsListed);
    }

    [TransportFact]
    public void Slow_requests_bring_more_workers()
    {
        int workers = Math.Clamp(Environment.ProcessorCount, 2, 4);
        Assert.True(WorkersAfterSlowRequests(_host, []) > workers);
    }

    [TransportFact]
    public void A_number_of_workers_that_was_asked_for_stays() =>
        Assert.Equal(2, WorkersAfterSlowRequests(_host, ["--workers=2"]));

    [TransportTheory, OnDevice, OnIoUring]
    public void A_bug_answers_EIO_and_the_mount_goes_on(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start();

        Assert.Equal("EIO", Sys.Open(Path.Combine(_host.MountPoint, "throw"), Sys.O_RDONLY).Name);
        Assert.Equal("EIO", Sys.Open(Path.Combine(_host.MountPoint, "drop"), Sys.O_RDONLY).Name);
        _host.WaitFor("fault Lookup Asked to throw.");
        File.WriteAllText(Path.Combine(_host.MountPoint, "after"), "still here");

        Assert.True(Sys.Umount(_host.MountPoint, 0).Ok);
        _host.AssertEndsWell();
        Assert.Contains("faults 1\nunanswered 1\n", _host.Output, StringComparison.Ordinal);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Under_the_test_switch_a_bug_ends_the_process(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(environment: "STACKFS_ABORT_ON_BUG=1");

        Assert.Equal("ECONNABORTED", Sys.Open(Path.Combine(_host.MountPoint, "throw"), Sys.O_RDONLY).Name);
        Assert.NotEqual(0, _host.WaitForExit());
        Assert.Contains("met a bug", _host.Output, StringComparison.Ordinal);
    }

    [TransportFact]
    public void Read_only_mounts_refuse_in_the_kernel()
    {
        _host.Start(["--read-only"]);

        Assert.Equal("EROFS", Sys.Mkdir(Path.Combine(_host.MountPoint, "d")).Name);
    }

    private static int WorkersAfterSlowRequests(FuseHostProcess host, string[] options)
    {
        host.Start(options);
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(i =>
            new Thread(() => Sys.Open(Path.Combine(host.MountPoint, $"slow {i}"), Sys.O_RDONLY)))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.True(Sys.Umount(host.MountPoint, 0).Ok);
        host.AssertEndsWell();
        return Figure(host, "workers");
    }

    private int Figure(string name) => Figure(_host, name);

    private static int Figure(FuseHostProcess host, string name)
    {
        string line = host.Output.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return int.Parse(line.Split(' ')[1], null);
    }

    private void CopyLargeFile(string[] options)
    {
        _host.Start(options);
        byte[] data = RandomNumberGenerator.GetBytes((20 << 20) + 12_345);
        string path = Path.Combine(_host.MountPoint, "large");
        File.WriteAllBytes(path, data);
        Assert.True(data.AsSpan().SequenceEqual(File.ReadAllBytes(path)));

        int fd = Sys.Open(path, Sys.O_RDWR).Count;
        byte[] piece = new byte[5000];
        Assert.Equal(5000, Sys.Pread(fd, piece, 4_000_001).Count);
        Assert.True(data.AsSpan(4_000_001, 5000).SequenceEqual(piece));
        Assert.Equal(5000, Sys.Pwrite(fd, data.AsSpan(0, 5000), 7_000_003).Count);
        Assert.True(Sys.Ftruncate(fd, 8_000_000).Ok);
        Assert.True(Sys.Close(fd).Ok);
        data.AsSpan(0, 5000).CopyTo(data.AsSpan(7_000_003));
        Assert.True(data.AsSpan(0, 8_000_000).SequenceEqual(File.ReadAllBytes(path)));
    }
}
