using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Faults;

/// <summary>
/// The serving process is killed at a random moment under load. After a remount what was synced is whole, and the rest
/// is old, new or missing, never anything else; every file opens.
/// </summary>
public sealed class KillTests
{
    private const int Writers = 4;

    [StackFsFact]
    public void Kill_while_writing_loses_nothing_that_was_synced()
    {
        int rounds = Capability.MissingForLong is null ? 100 : 6;
        int seed = Random.Shared.Next(1 << 24);
        using TestMount mount = TestMount.Create();
        for (int round = 0; round < rounds; round++)
        {
            List<Journal> journals = Load(mount, seed + round, out List<(string Path, int Version)> replaced);
            mount.Mount();
            Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
            {
                string[] wrong = [.. journals.Select(j => j.Check()).OfType<string>()];
                Assert.True(wrong.Length == 0, $"seed {seed + round}: {string.Join("; ", wrong)}");
                Assert.All(replaced, r => CheckReplaced(r.Path, r.Version));
            });
        }
    }

    /// <summary>Writes from several threads until the process is killed, and returns what the files may hold.</summary>
    private static List<Journal> Load(TestMount mount, int seed, out List<(string Path, int Version)> replaced)
    {
        List<Journal> journals = [];
        List<(string, int)> versions = [];
        string directory = $"{mount.Upper}/r{seed}";
        Assert.Equal("ok", Sys.Mkdir(directory).Name);
        Sys.Close(Synced(Sys.Open(mount.Upper, Sys.O_RDONLY | Sys.O_DIRECTORY)));
        Thread[] threads = [.. Enumerable.Range(0, Writers).Select(w => new Thread(() =>
        {
            Random random = new((seed * Writers) + w);
            while (w == 0 ? Replace(directory, versions) : Write(directory, random, journals))
            {
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Thread.Sleep(new Random(seed).Next(50, 1000));
        mount.Kill();
        Array.ForEach(threads, t => t.Join());
        replaced = versions;
        return journals;
    }

    /// <summary>One file: appends and overwrites, synced now and then. False when the mount is gone.</summary>
    private static bool Write(string directory, Random random, List<Journal> journals)
    {
        Journal journal;
        lock (journals)
        {
            journal = new Journal($"{directory}/f{journals.Count}");
            journals.Add(journal);
        }

        Result opened = Sys.Open(journal.Path, Sys.O_RDWR | Sys.O_CREAT);
        bool alive = opened.Ok;
        for (int i = random.Next(1, 40); i > 0 && alive; i--)
        {
            byte[] data = new byte[random.Next(3) == 0 ? random.Next(1, 40000) : random.Next(1, 500)];
            random.NextBytes(data);
            int offset = random.Next(3) == 0 ? random.Next(journal.Length + 1) : journal.Length;
            journal.Writing(offset, data);
            alive = Sys.Pwrite(opened.Count, data, offset).Value == data.Length;
            if (alive && random.Next(4) == 0)
            {
                alive = (random.Next(2) == 0 ? Sys.Fsync(opened.Count) : Sys.Fdatasync(opened.Count)).Ok;
                if (alive)
                {
                    journal.Synced();
                }
            }
        }

        if (opened.Ok)
        {
            Sys.Close(opened.Count);
        }

        return alive;
    }

    /// <summary>Replaces one file as a careful program does: write, sync, rename, sync the directory.</summary>
    private static bool Replace(string directory, List<(string Path, int Version)> versions)
    {
        string path = directory + "/replaced";
        int version = versions.Count == 0 ? 1 : versions[0].Version + 1;
        Result opened = Sys.Open(path + ".new", Sys.O_WRONLY | Sys.O_CREAT | Sys.O_TRUNC);
        bool alive = opened.Ok && Sys.Pwrite(opened.Count, Version(version), 0).Ok && Sys.Fsync(opened.Count).Ok;
        if (opened.Ok)
        {
            Sys.Close(opened.Count);
        }

        alive = alive && Sys.Rename(path + ".new", path).Ok;
        Result parent = alive ? Sys.Open(directory, Sys.O_RDONLY | Sys.O_DIRECTORY) : default;
        alive = alive && parent.Ok && Sys.Fsync(parent.Count).Ok;
        if (alive)
        {
            Sys.Close(parent.Count);
            versions.Clear();
            versions.Add((path, version));
        }

        return alive;
    }

    private static void CheckReplaced(string path, int atLeast)
    {
        int fd = Sys.Open(path, Sys.O_RDONLY).Count;
        byte[] found = new byte[20000];
        Result read = Sys.Pread(fd, found, 0);
        Sys.Close(fd);
        Assert.True(read.Ok, $"{path}: read answered {read}");
        int version = BitConverter.ToInt32(found);
        Assert.True(version >= atLeast, $"{path}: version {version}, {atLeast} was in place and synced");
        Assert.True(found.AsSpan(0, read.Count).SequenceEqual(Version(version)), $"{path}: version {version} is not whole");
    }

    private static byte[] Version(int version)
    {
        byte[] content = new byte[4 + (version * 37 % 15000)];
        new Random(version).NextBytes(content);
        BitConverter.TryWriteBytes(content, version);
        return content;
    }

    private static int Synced(Result opened)
    {
        Assert.Equal("ok", Sys.Fsync(opened.Count).Name);
        return opened.Count;
    }
}
