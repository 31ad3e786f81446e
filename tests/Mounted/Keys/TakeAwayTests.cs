using System.Text;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Keys;

/// <summary>The key is taken from a mount that goes on (src/StackFs/Mounting/LEASE.md), and given back.</summary>
public sealed class TakeAwayTests
{
    private const int Size = 1_000_000;

    [StackFsFact]
    public void Without_the_key_nothing_is_readable_any_more_and_with_it_all_goes_on()
    {
        using TestMount mount = TestMount.Create(keyring: true);
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            byte[] data = Fill(mount.Upper + "/file", Size, seed: 1);
            Sys.Mkdir(mount.Upper + "/directory");
            Fill(mount.Upper + "/directory/inner", 100, seed: 2);
            Fill(mount.Upper + "/" + new string('l', 250), 100, seed: 3);
            Sys.Symlink("where/it/leads", mount.Upper + "/link");
            Sys.Symlink("long/" + new string('t', 3000), mount.Upper + "/longlink");
            Sys.SetXattr(mount.Upper + "/file", "user.colour", "blue"u8);

            // In the kernel's caches, all of it, and open.
            Assert.Equal(data, WholeFile.Read(mount.Upper + "/file"));
            int file = Sys.Open(mount.Upper + "/file", Sys.O_RDWR).Count;
            int inner = Sys.Open(mount.Upper + "/directory/inner", Sys.O_RDONLY).Count;
            int directory = Sys.Open(mount.Upper + "/directory", Sys.O_RDONLY | Sys.O_DIRECTORY).Count;
            Assert.Equal("ok", Sys.ReadDirectory(directory, []).Name);
            Sys.ReadLink(mount.Upper + "/link", out _);
            Sys.ReadLink(mount.Upper + "/longlink", out _);

            mount.TakeKeys();
            Assert.Equal("gone", mount.Status("key"));
            byte[] buffer = new byte[4096];
            Result[] answers =
            [
                Sys.Pread(file, buffer, 0), Sys.Pread(file, buffer, Size - 10), Sys.Pread(inner, buffer, 0),
                Sys.Pwrite(file, "x"u8, 0), Sys.Pwrite(file, buffer, Size), Sys.Ftruncate(file, 10),
                Sys.Fallocate(file, 0, 0, Size * 2), Sys.Fstat(file, out _), Sys.Futimens(file, (1, 1), (1, 1)), Sys.Fchmod(file, 0x1B6),
                Sys.Stat(mount.Upper + "/file", out _), Sys.Lstat(mount.Upper + "/link", out _),
                Sys.Stat(mount.Upper + "/directory", out _), Sys.Stat(mount.Upper + "/directory/inner", out _),
                Sys.Lstat(mount.Upper + "/" + new string('l', 250), out _),
                Sys.Open(mount.Upper + "/file", Sys.O_RDONLY), Sys.Open(mount.Upper + "/new", Sys.O_WRONLY | Sys.O_CREAT),
                Sys.ReadLink(mount.Upper + "/link", out string target), Sys.ReadLink(mount.Upper + "/longlink", out string longTarget),
                Sys.GetXattr(mount.Upper + "/file", "user.colour", buffer), Sys.ListXattr(mount.Upper + "/file", 4096, out _),
                Sys.Mkdir(mount.Upper + "/made"), Sys.Unlink(mount.Upper + "/file"), Sys.Rename(mount.Upper + "/file", mount.Upper + "/other"),
                Sys.Link(mount.Upper + "/file", mount.Upper + "/second"), Sys.Symlink("a", mount.Upper + "/b"),
                Sys.Lseek(directory, 0, Sys.SEEK_SET).Ok ? Sys.ReadDirectory(directory, []) : default,
            ];
            Assert.All(answers, (answer, i) => Assert.True(answer.Name == "ENOKEY", $"answer {i} is {answer}"));
            Assert.Equal(("", ""), (target, longTarget));
            Assert.Equal(-1, buffer.AsSpan().IndexOfAnyExcept((byte)0));

            // What needs no key.
            Assert.Equal("ok", Sys.Stat(mount.Upper, out _).Name);
            Assert.Equal("ok", Sys.Statfs(mount.Upper, out _).Name);
            Assert.Equal("ok", Sys.Fsync(file).Name);
            Assert.Equal("ok", Sys.Close(inner).Name);

            mount.AddKey();
            mount.WaitForStatus("key", "held", 5);
            Assert.Equal(Size, Sys.Pread(file, data.AsSpan().ToArray(), 0).Value);
            Assert.Equal(data, WholeFile.Read(mount.Upper + "/file"));
            Assert.Equal(1, Sys.Pwrite(file, data.AsSpan(0, 1), 0).Value);
            Assert.Equal(["inner"], Sys.Names(mount.Upper + "/directory"));
            Sys.Lseek(directory, 0, Sys.SEEK_SET);
            Assert.Equal("ok", Sys.ReadDirectory(directory, []).Name);
            Sys.ReadLink(mount.Upper + "/link", out target);
            Assert.Equal("where/it/leads", target);
            Assert.Equal(4, Sys.GetXattr(mount.Upper + "/file", "user.colour", buffer).Value);
            Sys.Close(file);
            Sys.Close(directory);
            Assert.Equal("0", mount.Status("counters.writes without key"));
        });
    }

    [StackFsFact]
    public void What_was_dirty_is_below_and_sealed_when_the_key_has_gone()
    {
        using TestMount mount = TestMount.Create(keyring: true);
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            byte[] data = new byte[20 << 20];
            new Random(4).NextBytes(data);
            int fd = Sys.Open(mount.Upper + "/f", Sys.O_RDWR | Sys.O_CREAT).Count;
            Assert.Equal(data.Length, Sys.Pwrite(fd, data, 0).Value);
            Assert.Equal(3, Sys.Pwrite(fd, "end"u8, 30 << 20).Value);
            mount.TakeKeys();
            string lower = Assert.Single(mount.LowerFiles());
            long length = new FileInfo(lower).Length;
            Assert.InRange(length % 4096, 1, 4064);
            mount.Kill(); // Nothing of the process or the kernel can help from here on.
            Sys.Close(fd);
            mount.AddKey();
            mount.Mount();
            byte[] back = WholeFile.Read(mount.Upper + "/f");
            Assert.Equal((30 << 20) + 3, back.Length);
            Assert.True(back.AsSpan(0, data.Length).SequenceEqual(data));
            Assert.Equal("end"u8.ToArray(), back[^3..]);
        });
    }

    [StackFsFact]
    public void A_detached_mount_gives_its_key_back_too()
    {
        using TestMount mount = TestMount.Create(keyring: true);
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            byte[] data = new byte[3 << 20];
            new Random(5).NextBytes(data);
            int fd = Sys.Open(mount.Upper + "/f", Sys.O_RDWR | Sys.O_CREAT).Count;
            Assert.Equal("ok", Sys.Umount(mount.Upper, Sys.MNT_DETACH).Name);
            Assert.Equal(data.Length, Sys.Pwrite(fd, data, 0).Value);
            mount.TakeKeys();
            Assert.Equal("ENOKEY", Sys.Pread(fd, new byte[10], 0).Name);
            mount.AddKey();
            byte[] back = new byte[data.Length];
            Result read = default;
            for (int i = 0; i < 100 && !read.Ok | read.Value == 0; i++)
            {
                Thread.Sleep(20);
                read = Sys.Pread(fd, back, 0);
            }

            Assert.Equal(data, back);
            Sys.Close(fd);
            mount.WaitForEnd();
        });
    }

    [StackFsFact]
    public void Without_room_below_the_program_is_told_and_the_rest_is_whole()
    {
        using TemporaryFilesystem disk = new("size=8m");
        using TestMount mount = TestMount.Create(parent: disk.Path, keyring: true);
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            byte[] kept = Fill(mount.Upper + "/kept", 2 << 20, seed: 6);
            int fd = Sys.Open(mount.Upper + "/f", Sys.O_RDWR | Sys.O_CREAT).Count;
            _ = Sys.Pwrite(fd, new byte[12 << 20], 0); // The kernel may have begun to write, and said so.
            mount.TakeKeys();
            Result told = Sys.Fsync(fd);
            Result closed = Sys.Close(fd);
            Assert.True(!told.Ok || !closed.Ok, $"fsync {told}, close {closed}; {mount.Errors}");
            mount.AddKey();
            mount.WaitForStatus("key", "held", 5);
            Assert.Equal(kept, WholeFile.Read(mount.Upper + "/kept"));
            Assert.Equal("ok", Sys.Unlink(mount.Upper + "/f").Name);
            Fill(mount.Upper + "/after", 1 << 20, seed: 7);
        });
    }

    [StackFsFact]
    public void A_mount_goes_on_when_the_daemon_was_gone_and_has_its_key_again()
    {
        using TestMount mount = TestMount.Create(keyring: true);
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            byte[] data = Fill(mount.Upper + "/f", 100_000, seed: 10);
            int fd = Sys.Open(mount.Upper + "/f", Sys.O_RDONLY).Count;
            Sys.Kill(KeyringDaemons.FindIn(mount.KeyringDirectory)!.Value, Sys.SIGKILL);
            Assert.Equal(data, WholeFile.Read(mount.Upper + "/f")); // For 10 seconds another daemon may come.
            mount.WaitForStatus("key", "gone", 20);
            Assert.Equal("ENOKEY", Sys.Pread(fd, new byte[10], 0).Name);
            mount.AddKey();
            mount.WaitForStatus("key", "held", 5);
            Assert.Equal(10, Sys.Pread(fd, new byte[10], 0).Value);
            Assert.Equal(data, WholeFile.Read(mount.Upper + "/f"));
            Sys.Close(fd);
        });
    }

    [StackFsFact]
    public void A_key_whose_time_is_over_leaves_the_mount()
    {
        using TestMount mount = TestMount.Create(keyring: true);
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            byte[] data = Fill(mount.Upper + "/f", 100_000, seed: 11);
            Assert.Equal(0, mount.Command("keys", "timeout", mount.Status("signature"), "1").Code);
            mount.WaitForStatus("key", "gone", 10);
            Assert.Equal("ENOKEY", Sys.Open(mount.Upper + "/f", Sys.O_RDONLY).Name);
            mount.AddKey();
            mount.WaitForStatus("key", "held", 5);
            Assert.Equal(data, WholeFile.Read(mount.Upper + "/f"));
        });
    }

    [LongFact]
    public void An_idle_key_leaves_and_one_in_use_stays()
    {
        using TestMount mount = TestMount.Create(keyring: true);
        Deadline.Run(mount, TimeSpan.FromMinutes(3), () =>
        {
            Fill(mount.Upper + "/f", 100_000, seed: 12);
            Assert.Equal(0, mount.Command("keys", "timeout", mount.Status("signature"), "0", "--idle", "20").Code);
            for (int i = 0; i < 45; i++)
            {
                // What the kernel has cached is read without asking; a name that is not there yet is not.
                Assert.Equal("ENOENT", Sys.Stat($"{mount.Upper}/none{i}", out _).Name);
                Thread.Sleep(1000);
            }

            Assert.Equal("held", mount.Status("key"));
            mount.WaitForStatus("key", "gone", 45);
        });
    }

    private static byte[] Fill(string path, int length, int seed)
    {
        byte[] data = new byte[length];
        new Random(seed).NextBytes(data);
        int fd = Sys.Open(path, Sys.O_WRONLY | Sys.O_CREAT).Count;
        Assert.Equal(length, Sys.Pwrite(fd, data, 0).Value);
        Assert.Equal("ok", Sys.Close(fd).Name);
        return data;
    }
}
