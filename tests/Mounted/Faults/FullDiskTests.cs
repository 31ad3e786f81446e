using System.Diagnostics;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Faults;

/// <summary>A lower filesystem that runs full: the program is told, older data stays, and room makes it work again.</summary>
public sealed class FullDiskTests
{
    [MountedTheory]
    [InlineData("tmpfs")]
    [InlineData("ext4")]
    public void A_full_disk_is_reported_and_harms_nothing(string type)
    {
        using SmallDisk disk = new(type);
        using TestMount mount = TestMount.Create(parent: disk.Path);
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            byte[] old = Bytes(300_000, 1);
            WriteAll(mount.Upper + "/old", old);
            Dictionary<string, byte[]> whole = [];
            string? error = null;
            for (int i = 0; error is null; i++)
            {
                byte[] data = Bytes(200_001, i + 2);
                error = TryWrite($"{mount.Upper}/fill{i}", data);
                if (error is null)
                {
                    whole[$"fill{i}"] = data;
                }

                Assert.True(i < 1000, "the disk never ran full");
            }

            Assert.Equal("ENOSPC", error);

            // Overwriting in place needs no room below; growing does, and its failure must not touch what is there.
            int fd = Sys.Open(mount.Upper + "/old", Sys.O_RDWR).Count;
            for (int i = 0; i < 100; i++)
            {
                Result wrote = Sys.Pwrite(fd, Bytes(100_000, 99), old.Length + (i * 100_000));
                Result synced = Sys.Fsync(fd);
                if (!wrote.Ok || !synced.Ok)
                {
                    Assert.Equal("ENOSPC", wrote.Ok ? synced.Name : wrote.Name);
                    break;
                }
            }

            Sys.Close(fd);
            Assert.Equal(old, ReadAll(mount.Upper + "/old")[..old.Length]);
            Verify(mount, whole);

            // Names need room too; whatever is answered, the tree stays as it was.
            for (int i = 0; i < 5000; i++)
            {
                Result made = Sys.Mkdir($"{mount.Upper}/d{i}");
                if (!made.Ok)
                {
                    Assert.Equal("ENOSPC", made.Name);
                    break;
                }
            }

            Verify(mount, whole);
            Assert.Equal("ok", Sys.Unlink(mount.Upper + "/fill0").Name);
            Assert.Equal("ok", Sys.Unlink(mount.Upper + "/fill1").Name);
            whole.Remove("fill0");
            whole.Remove("fill1");

            // The kernel tells of the last close of a removed file when it likes; its room comes back then.
            string? again = "ENOSPC";
            for (int i = 0; i < 100 && again == "ENOSPC"; i++)
            {
                again = TryWrite(mount.Upper + "/again", old);
                Thread.Sleep(50);
            }

            Assert.Null(again);
            mount.Remount();
            Assert.Equal(old, ReadAll(mount.Upper + "/again"));
            Assert.Equal(old, ReadAll(mount.Upper + "/old")[..old.Length]);
            Verify(mount, whole);
        });
    }

    private static void Verify(TestMount mount, Dictionary<string, byte[]> whole) =>
        Assert.All(whole, w => Assert.Equal(w.Value, ReadAll($"{mount.Upper}/{w.Key}")));

    private static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void WriteAll(string path, byte[] data) => Assert.Null(TryWrite(path, data));

    /// <summary>Writes and syncs; the name of the first error, wherever it is told.</summary>
    private static string? TryWrite(string path, byte[] data)
    {
        Result opened = Sys.Open(path, Sys.O_WRONLY | Sys.O_CREAT | Sys.O_TRUNC);
        if (!opened.Ok)
        {
            return opened.Name;
        }

        Result wrote = Sys.Pwrite(opened.Count, data, 0);
        Result synced = Sys.Fsync(opened.Count);
        Result closed = Sys.Close(opened.Count);
        return !wrote.Ok ? wrote.Name : !synced.Ok ? synced.Name : !closed.Ok ? closed.Name : wrote.Value == data.Length ? null : "ENOSPC";
    }

    private static byte[] ReadAll(string path)
    {
        int fd = Sys.Open(path, Sys.O_RDONLY).Count;
        Sys.Fstat(fd, out FileStatus status);
        byte[] data = new byte[status.Size];
        int done = 0;
        Result read;
        while ((read = Sys.Pread(fd, data.AsSpan(done), done)) is { Ok: true, Value: > 0 })
        {
            done += read.Count;
        }

        Sys.Close(fd);
        Assert.True(read.Ok, $"{path}: read at {done} answered {read}");
        return data;
    }

    /// <summary>A filesystem of 16 MiB.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string _image = System.IO.Path.GetTempFileName();

        public SmallDisk(string type)
        {
            Path = Directory.CreateTempSubdirectory("stackfs-test-disk-").FullName;
            Sys.Chmod(Path, 0x1ED);
            if (type == "tmpfs")
            {
                Assert.Equal("ok", Sys.Mount("none", Path, "tmpfs", 0, "size=16m").Name);
                return;
            }

            using (FileStream image = File.OpenWrite(_image))
            {
                image.SetLength(16 << 20);
            }

            Shell("mkfs.ext4", "-q", "-F", _image);
            Shell("mount", "-o", "loop", _image, Path);
        }

        public string Path { get; }

        public void Dispose()
        {
            Sys.Umount(Path, Sys.MNT_DETACH);
            Directory.Delete(Path);
            File.Delete(_image);
        }

        private static void Shell(string program, params string[] arguments)
        {
            using Process process = Process.Start(program, arguments);
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program} answered {process.ExitCode}");
        }
    }
}
