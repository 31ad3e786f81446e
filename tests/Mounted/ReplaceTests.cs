using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted;

/// <summary>Names that go over to other files while these are open, being opened, or renamed elsewhere.</summary>
public sealed class ReplaceTests
{
    private static readonly TimeSpan RaceTime = TimeSpan.FromSeconds(3);

    [MountedFact]
    public void A_file_opened_while_it_is_replaced_is_one_of_the_two()
    {
        using TestMount mount = TestMount.Create();
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            string name = mount.Upper + "/name";
            DateTime end = DateTime.UtcNow + RaceTime;
            Replace(name, mount.Upper + "/first");
            Thread[] threads =
            [
                .. Enumerable.Range(0, 2).Select(n => new Thread(() =>
                {
                    while (DateTime.UtcNow < end)
                    {
                        Replace(name, $"{mount.Upper}/new{n}");
                    }
                })),
            ];
            Array.ForEach(threads, thread => thread.Start());
            try
            {
                byte[] content = new byte[sizeof(ulong)];
                while (DateTime.UtcNow < end)
                {
                    int fd = Sys.Open(name, Sys.O_RDONLY).Count;
                    Assert.Equal("ok", Sys.Fstat(fd, out FileStatus status).Name);
                    Assert.Equal(sizeof(ulong), Sys.Pread(fd, content, 0).Value);
                    Assert.Equal(status.Inode, BitConverter.ToUInt64(content));
                    Sys.Close(fd);
                }
            }
            finally
            {
                Array.ForEach(threads, thread => thread.Join());
            }
        });
    }

    [MountedFact]
    public void A_file_that_is_renamed_without_end_opens_every_time()
    {
        using TestMount mount = TestMount.Create();
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            string[] names = [mount.Upper + "/here", mount.Upper + "/there"];
            File.WriteAllText(names[0], "content");
            int path = Sys.Open(names[0], Sys.O_PATH).Count;
            using CancellationTokenSource end = new(RaceTime);
            Thread renamer = new(() =>
            {
                for (int round = 0; !end.IsCancellationRequested; round++)
                {
                    Assert.Equal("ok", Sys.Rename(names[round & 1], names[(round + 1) & 1]).Name);
                }
            });
            HashSet<string> outcomes = [];
            renamer.Start();
            // One at a time: while it is open, the file is not looked for by its name.
            while (!end.IsCancellationRequested)
            {
                Result opened = Sys.Open($"/proc/self/fd/{path}", Sys.O_RDONLY);
                outcomes.Add(opened.Name);
                if (opened.Ok)
                {
                    Sys.Close(opened.Count);
                }
            }

            renamer.Join();
            Sys.Close(path);

            Assert.Equal(["ok"], outcomes);
        });
    }

    [MountedFact]
    public void A_file_that_is_closed_and_unlinked_keeps_its_number_while_a_descriptor_refers_to_it()
    {
        using TestMount mount = TestMount.Create();
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            for (int round = 0; round < 500; round++)
            {
                int open = Sys.Open(mount.Upper + "/old", Sys.O_RDWR | Sys.O_CREAT).Count;
                Assert.Equal(1, Sys.Pwrite(open, "x"u8, 0).Value);
                int path = Sys.Open(mount.Upper + "/old", Sys.O_PATH).Count;
                Sys.Close(open);
                Assert.Equal("ok", Sys.Unlink(mount.Upper + "/old").Name);

                int other = Sys.Open(mount.Upper + "/new", Sys.O_RDWR | Sys.O_CREAT).Count;
                Assert.Equal("ok", Sys.Fstat(path, out FileStatus old).Name);
                Assert.Equal("ok", Sys.Fstat(other, out FileStatus made).Name);
                Assert.NotEqual(old.Inode, made.Inode);
                Assert.Equal("ok", Sys.Close(other).Name);
                Assert.Equal("ok", Sys.Unlink(mount.Upper + "/new").Name);
                Sys.Close(path);
            }
        });
    }

    [StackFsFact]
    public void A_file_renamed_below_is_renamed_back_above()
    {
        using TestMount mount = TestMount.Create("allow_other,shared");
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            string a = mount.Upper + "/a";
            string b = mount.Upper + "/b";
            string lowerB = LowerNameOf(mount, b);
            File.Delete(b);
            string lowerA = LowerNameOf(mount, a);
            File.Move(lowerA, lowerB);
            Until(() => File.Exists(b) && !File.Exists(a));

            Assert.Equal("ok", Sys.Rename(b, a).Name);
            Assert.True(File.Exists(lowerA));
            Assert.False(File.Exists(lowerB));
        });
    }

    [StackFsFact]
    public void A_file_that_lost_another_name_below_still_opens()
    {
        using TestMount mount = TestMount.Create("allow_other,shared");
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            string a = mount.Upper + "/a";
            string b = mount.Upper + "/b";
            string lowerB = LowerNameOf(mount, b);
            File.Delete(b);
            File.WriteAllText(a, "content");
            Assert.Equal("ok", Sys.Link(a, b).Name);
            File.Delete(lowerB);
            Until(() => !File.Exists(b));

            Assert.Equal("content", File.ReadAllText(a));
        });
    }

    [StackFsFact]
    public void A_file_overwritten_below_reads_anew()
    {
        using TestMount mount = TestMount.Create("allow_other,shared");
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            string a = mount.Upper + "/a";
            string b = mount.Upper + "/b";
            string lowerA = LowerNameOf(mount, a);
            string lowerB = LowerNameOf(mount, b);
            string longer = new('a', 20_000);
            File.WriteAllText(a, longer);
            File.WriteAllText(b, "before");
            Assert.Equal("before", File.ReadAllText(b));

            // As restoring one encrypted file from a backup does: another file, with keys of its own, under the old inode.
            File.Copy(lowerA, lowerB, overwrite: true);
            Until(() => new FileInfo(b).Length == longer.Length);
            Assert.Equal(longer, File.ReadAllText(b));

            File.Delete(lowerA);
            Directory.CreateDirectory(mount.Lower + "/made below");
            Until(() => !File.Exists(a) && Directory.Exists(mount.Upper + "/made below"));
            Assert.DoesNotContain("a", Directory.GetFiles(mount.Upper).Select(Path.GetFileName));
        });
    }

    private static void Replace(string name, string through)
    {
        int fd = Sys.Open(through, Sys.O_RDWR | Sys.O_CREAT).Count;
        Assert.Equal("ok", Sys.Fstat(fd, out FileStatus status).Name);
        Assert.Equal(sizeof(ulong), Sys.Pwrite(fd, BitConverter.GetBytes((ulong)status.Inode), 0).Value);
        Sys.Close(fd);
        Assert.Equal("ok", Sys.Rename(through, name).Name);
    }

    private static string LowerNameOf(TestMount mount, string upper)
    {
        HashSet<string> before = [.. Directory.GetFiles(mount.Lower)];
        File.WriteAllText(upper, "");
        return Assert.Single(Directory.GetFiles(mount.Lower), name => !before.Contains(name));
    }

    // The kernel keeps names for a second where others may change them.
    private static void Until(Func<bool> condition)
    {
        while (!condition())
        {
            Thread.Sleep(50);
        }
    }
}
