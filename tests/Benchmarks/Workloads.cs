using System.Diagnostics;
using StackFs.Tests.Common;

namespace StackFs.Benchmarks;

/// <summary>What a row measures.</summary>
/// <param name="Name">The row's label.</param>
/// <param name="Unit">What <paramref name="Run"/> counts a second.</param>
/// <param name="Cold">Whether caches are dropped and the filesystem mounted anew before.</param>
/// <param name="Run">Does it in a directory, and returns how many units were done. Later rows use what earlier ones made.</param>
internal sealed record Workload(string Name, string Unit, bool Cold, Func<string, double> Run);

/// <summary>The rows, in order: streaming, random access, a tree, many small files.</summary>
internal sealed class Workloads(int mebibytes, int files)
{
    private const int Block = 128 << 10;
    private const int Small = 4096;
    private const int PerDirectory = 100;

    private readonly byte[] _block = Bytes(Block);

    public IReadOnlyList<Workload> All =>
    [
        new("write, 128 KiB blocks, fsync", "MB/s", false, d => Stream(d + "/stream", write: true)),
        new("read, 128 KiB blocks, cold", "MB/s", true, d => Stream(d + "/stream", write: false)),
        new("read, 128 KiB blocks, warm", "MB/s", false, d => Stream(d + "/stream", write: false)),
        new("random read 4 KiB, cold", "op/s", true, d => RandomReads(d + "/stream", 1)),
        new("random read 4 KiB, 4 threads, cold", "op/s", true, d => RandomReads(d + "/stream", 4)),
        new("random write 4 KiB, fsync", "op/s", false, d => RandomWrites(d + "/stream")),
        new("append 100 bytes, fsync each", "op/s", false, d => Appends(d + "/log")),
        new("unpack a tree", "files/s", false, d => Unpack(d + "/tree")),
        new("read a tree, cold", "files/s", true, d => ReadTree(d + "/tree")),
        new("list a tree with attributes, cold", "files/s", true, d => ListTree(d + "/tree")),
        new("remove a tree", "files/s", false, d => RemoveTree(d + "/tree")),
        new("create files of 4 KiB", "op/s", false, d => Create(d + "/small")),
        new("stat by name", "op/s", true, d => EachSmall(d, p => Sys.Lstat(p, out _))),
        new("list with attributes", "op/s", true, d => ListTree(d + "/small")),
        new("open and read 4 KiB", "op/s", true, d => EachSmall(d, ReadSmall)),
        new("open and read 4 KiB, warm", "op/s", false, d => EachSmall(d, ReadSmall)),
        new("rename", "op/s", false, d => EachSmall(d, p => Sys.Rename(p, p + "r"))),
        new("unlink", "op/s", false, d => EachSmall(d, p => Sys.Unlink(p + "r"))),
    ];

    private double Stream(string path, bool write)
    {
        int fd = Must(Sys.Open(path, write ? Sys.O_WRONLY | Sys.O_CREAT | Sys.O_TRUNC : Sys.O_RDONLY));
        byte[] buffer = new byte[Block];
        long size = (long)mebibytes << 20;
        for (long at = 0; at < size; at += Block)
        {
            Must(write ? Sys.Pwrite(fd, _block, at) : Sys.Pread(fd, buffer, at));
        }

        if (write)
        {
            Must(Sys.Fsync(fd));
        }

        Sys.Close(fd);
        return size / 1e6;
    }

    private double RandomReads(string path, int threads)
    {
        int count = mebibytes * 32;
        Parallel(threads, seed =>
        {
            Random random = new(seed);
            int fd = Must(Sys.Open(path, Sys.O_RDONLY));
            byte[] buffer = new byte[Small];
            for (int i = 0; i < count; i++)
            {
                Must(Sys.Pread(fd, buffer, (long)random.Next(mebibytes * 256) * Small));
            }

            Sys.Close(fd);
        });
        return (double)count * threads;
    }

    private double RandomWrites(string path)
    {
        int count = mebibytes * 32;
        Random random = new(7);
        int fd = Must(Sys.Open(path, Sys.O_RDWR));
        for (int i = 0; i < count; i++)
        {
            Must(Sys.Pwrite(fd, _block.AsSpan(0, Small), (long)random.Next(mebibytes * 256) * Small));
        }

        Must(Sys.Fsync(fd));
        Sys.Close(fd);
        return count;
    }

    private double Appends(string path)
    {
        const int count = 500;
        int fd = Must(Sys.Open(path, Sys.O_WRONLY | Sys.O_CREAT | Sys.O_APPEND));
        for (int i = 0; i < count; i++)
        {
            Must(Sys.Write(fd, _block.AsSpan(0, 100)));
            Must(Sys.Fsync(fd));
        }

        Sys.Close(fd);
        return count;
    }

    /// <summary>Files of the sizes of a source tree, made as tar makes them: write, mode, times.</summary>
    private double Unpack(string tree)
    {
        Random random = new(11);
        Must(Sys.Mkdir(tree));
        for (int i = 0; i < files; i++)
        {
            if (i % PerDirectory == 0)
            {
                Must(Sys.Mkdir($"{tree}/d{i / PerDirectory}"));
            }

            string path = $"{tree}/d{i / PerDirectory}/source{i}.c";
            int fd = Must(Sys.Open(path, Sys.O_WRONLY | Sys.O_CREAT | Sys.O_EXCL));
            int size = random.Next(10) switch { < 6 => random.Next(100, 6000), < 9 => random.Next(6000, 30000), _ => random.Next(30000, 120000) };
            for (int at = 0; at < size; at += 10240)
            {
                Must(Sys.Write(fd, _block.AsSpan(0, Math.Min(10240, size - at))));
            }

            Must(Sys.Futimens(fd, (1_500_000_000, 0), (1_500_000_000 + i, 0)));
            Must(Sys.Fchmod(fd, 0x1A4));
            Sys.Close(fd);
        }

        return files;
    }

    private static double ReadTree(string tree)
    {
        byte[] buffer = new byte[Block];
        double read = 0;
        foreach (string directory in Sys.Names(tree))
        {
            foreach (string name in Sys.Names($"{tree}/{directory}"))
            {
                int fd = Must(Sys.Open($"{tree}/{directory}/{name}", Sys.O_RDONLY));
                while (Must(Sys.Read(fd, buffer)) > 0)
                {
                }

                Sys.Close(fd);
                read++;
            }
        }

        return read;
    }

    private static double ListTree(string tree)
    {
        double seen = 0;
        foreach (string name in Sys.Names(tree))
        {
            string path = $"{tree}/{name}";
            Must(Sys.Lstat(path, out FileStatus status));
            seen += status.Kind == 'd' ? ListTree(path) : 1;
        }

        return seen;
    }

    private static double RemoveTree(string tree)
    {
        double removed = 0;
        foreach (string directory in Sys.Names(tree))
        {
            foreach (string name in Sys.Names($"{tree}/{directory}"))
            {
                Must(Sys.Unlink($"{tree}/{directory}/{name}"));
                removed++;
            }

            Must(Sys.Rmdir($"{tree}/{directory}"));
        }

        Must(Sys.Rmdir(tree));
        return removed;
    }

    private double Create(string parent)
    {
        Must(Sys.Mkdir(parent));
        for (int i = 0; i < files; i++)
        {
            int fd = Must(Sys.Open($"{parent}/{i}", Sys.O_WRONLY | Sys.O_CREAT | Sys.O_EXCL));
            Must(Sys.Write(fd, _block.AsSpan(0, Small)));
            Sys.Close(fd);
        }

        return files;
    }

    private double EachSmall(string directory, Func<string, Result> action)
    {
        for (int i = 0; i < files; i++)
        {
            Must(action($"{directory}/small/{i}"));
        }

        return files;
    }

    private static Result ReadSmall(string path)
    {
        int fd = Must(Sys.Open(path, Sys.O_RDONLY));
        Result read = Sys.Read(fd, new byte[Small]);
        Sys.Close(fd);
        return read.Value == Small ? read : throw new InvalidOperationException($"{path}: read answered {read}");
    }

    private static void Parallel(int threads, Action<int> body)
    {
        Thread[] all = [.. Enumerable.Range(0, threads).Select(i => new Thread(() => body(i)))];
        Array.ForEach(all, t => t.Start());
        Array.ForEach(all, t => t.Join());
    }

    private static int Must(Result result) => result.Count;

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(3).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Units a second of one row.</summary>
    public static double Measure(Workload workload, Stage stage)
    {
        if (workload.Cold)
        {
            stage.Cool();
        }

        Stopwatch clock = Stopwatch.StartNew();
        double done = workload.Run(stage.Upper);
        return done / clock.Elapsed.TotalSeconds;
    }
}
