using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;
using Xunit.Abstractions;

namespace StackFs.Tests.Mounted.Keys;

/// <summary>
/// Programs read, write and map files while the key is taken away and given back, many times. Whatever a call said was done
/// is there at the end, and what was stored through the mapping; nothing is readable in between.
/// </summary>
public sealed class RoundsTests(ITestOutputHelper output)
{
    private const int ReadSize = 4 << 20;
    private const int RecordSize = 700;
    private const int MapPlaces = 1 << 16;

    private volatile bool _stop;

    [StackFsFact]
    public void Nothing_is_lost_over_some_rounds() => Run(8);

    [LongFact]
    public void Nothing_is_lost_over_many_rounds() => Run(100);

    private static string Host =>
        AppContext.BaseDirectory.Replace("/Mounted/", "/FuseHost/", StringComparison.Ordinal) + "StackFs.Tests.FuseHost.dll";

    private void Run(int rounds)
    {
        using TestMount mount = TestMount.Create(keyring: true);
        string count = Path.GetTempFileName();
        Deadline.Run(mount, TimeSpan.FromSeconds(60 + (rounds * 5)), () =>
        {
            byte[] known = new byte[ReadSize];
            new Random(1).NextBytes(known);
            Make(mount.Upper + "/known", known);
            Make(mount.Upper + "/mapped", new byte[MapPlaces * sizeof(long)]);
            File.WriteAllBytes(count, new byte[sizeof(long)]);
            List<Writer> writers = [.. Enumerable.Range(0, 2).Select(i => new Writer(mount.Upper + $"/written{i}", this))];
            List<Thread> threads = [.. writers.Select(w => w.Thread), Start(() => ReadOnAndOn(mount.Upper + "/known", known, 1)), Start(() => ReadOnAndOn(mount.Upper + "/known", known, 2))];
            Random random = new(rounds);
            for (int round = 0; round < rounds; round++)
            {
                using Process mapper = Map(mount.Upper + "/mapped", count);
                Thread.Sleep(random.Next(200, 500));
                mount.TakeKeys();
                long stored = BinaryPrimitives.ReadInt64LittleEndian(File.ReadAllBytes(count));
                AssertNothingIsReadable(mount);
                Assert.True(mapper.WaitForExit(TimeSpan.FromSeconds(20)), "the mapping is still written to");
                Assert.Equal(stored, BinaryPrimitives.ReadInt64LittleEndian(File.ReadAllBytes(count)));
                mount.AddKey();
                mount.WaitForStatus("key", "held", 10);
                AssertStored(mount.Upper + "/mapped", stored);
            }

            _stop = true;
            threads.ForEach(t => Assert.True(t.Join(TimeSpan.FromSeconds(30)), "a thread hangs"));
            writers.ForEach(w => w.Check());
            output.WriteLine($"{rounds} rounds, {writers.Sum(w => w.Written)} records, {writers.Sum(w => w.Refused)} refused, "
                + $"{BinaryPrimitives.ReadInt64LittleEndian(File.ReadAllBytes(count))} numbers mapped; {mount.Errors}");
            Assert.Equal("0", mount.Status("counters.writes without key"));
            mount.Remount();
            writers.ForEach(w => w.Check());
            Assert.True(known.AsSpan().SequenceEqual(WholeFile.Read(mount.Upper + "/known")));
        });
        File.Delete(count);
    }

    private static Process Map(string file, string count)
    {
        ProcessStartInfo start = new("dotnet", ["exec", Host, "map", file, count]) { RedirectStandardError = true };
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        Process process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    private static void AssertNothingIsReadable(TestMount mount)
    {
        Assert.Equal("ENOKEY", Sys.Open(mount.Upper + "/known", Sys.O_RDONLY).Name);
        Assert.Equal("ENOKEY", Sys.Stat(mount.Upper + "/mapped", out _).Name);
        int root = Sys.Open(mount.Upper, Sys.O_RDONLY | Sys.O_DIRECTORY).Count;
        Assert.Equal("ENOKEY", Sys.ReadDirectory(root, []).Name);
        Sys.Close(root);
    }

    private static void AssertStored(string path, long last)
    {
        byte[] data = WholeFile.Read(path);
        for (long n = Math.Max(1, last - MapPlaces + 2); n <= last; n++)
        {
            long found = BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan((int)(n * 513 % MapPlaces) * sizeof(long)));
            Assert.True(found == n, $"number {n} of {last} is not there, but {found}");
        }
    }

    private static void Make(string path, byte[] data)
    {
        int fd = Sys.Open(path, Sys.O_WRONLY | Sys.O_CREAT).Count;
        Assert.Equal(data.Length, Sys.Pwrite(fd, data, 0).Value);
        Assert.Equal("ok", Sys.Close(fd).Name);
    }

    private static Thread Start(Action body)
    {
        Thread thread = new(() => body()) { IsBackground = true };
        thread.Start();
        return thread;
    }

    private void ReadOnAndOn(string path, byte[] known, int seed)
    {
        Random random = new(seed);
        byte[] buffer = new byte[100_000];
        int fd = Sys.Open(path, Sys.O_RDONLY).Count;
        while (!_stop)
        {
            int at = random.Next(known.Length - buffer.Length);
            Result read = Sys.Pread(fd, buffer, at);
            if (read.Ok)
            {
                // Part of it may have come before the key went.
                Assert.True(read.Value > 0 && known.AsSpan(at, read.Count).SequenceEqual(buffer.AsSpan(0, read.Count)), $"wrong data at {at}");
            }
            else
            {
                Assert.Equal("ENOKEY", read.Name);
                Thread.Sleep(1);
            }
        }

        Sys.Close(fd);
    }

    /// <summary>Appends records, each with its number and a hash, and syncs after some; what was refused is tried again.</summary>
    private sealed class Writer
    {
        private readonly string _path;
        private readonly RoundsTests _test;

        public Writer(string path, RoundsTests test)
        {
            _path = path;
            _test = test;
            Thread = Start(Write);
        }

        public Thread Thread { get; }

        public int Written { get; private set; }

        public int Refused { get; private set; }

        public void Check()
        {
            byte[] data = WholeFile.Read(_path);
            Assert.True(data.Length >= Written * RecordSize, $"{_path}: {data.Length} bytes of {Written} records");
            for (int i = 0; i < Written; i++)
            {
                Assert.True(data.AsSpan(i * RecordSize, RecordSize).SequenceEqual(Record(i)), $"{_path}: record {i} of {Written} is not there");
            }
        }

        private static byte[] Record(int number)
        {
            byte[] record = new byte[RecordSize];
            new Random(number).NextBytes(record);
            BinaryPrimitives.WriteInt32LittleEndian(record, number);
            SHA256.HashData(record.AsSpan(0, RecordSize - 32), record.AsSpan(RecordSize - 32));
            return record;
        }

        private void Write()
        {
            int fd = Sys.Open(_path, Sys.O_RDWR | Sys.O_CREAT).Count;
            while (!_test._stop)
            {
                Result wrote = Sys.Pwrite(fd, Record(Written), (long)Written * RecordSize);
                if (!wrote.Ok)
                {
                    Assert.Equal("ENOKEY", wrote.Name);
                    Refused++;
                    Thread.Sleep(1);
                    continue;
                }

                if (wrote.Value == RecordSize && ++Written % 50 == 0)
                {
                    Assert.Equal("ok", Sys.Fsync(fd).Name);
                }
            }

            Assert.Equal("ok", Sys.Close(fd).Name);
        }
    }
}
