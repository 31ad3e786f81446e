using System.Text;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted;

/// <summary>Mounting, stopping, several mounts, and who may look in.</summary>
public sealed class LifecycleTests
{
    [StackFsFact]
    public void SIGTERM_unmounts_and_keeps_what_was_written_last()
    {
        using TestMount mount = TestMount.Create();
        byte[] data = new byte[3_000_000];
        new Random(1).NextBytes(data);
        int fd = Sys.Open(mount.Upper + "/f", Sys.O_RDWR | Sys.O_CREAT).Count;
        Assert.Equal(data.Length, Sys.Pwrite(fd, data, 0).Value);
        Sys.Close(fd);
        mount.Stop();
        mount.Mount();
        Assert.Equal(data, WholeFile.Read(mount.Upper + "/f"));
    }

    [StackFsFact]
    public void Unmounting_writes_back_what_is_dirty_and_seals_it()
    {
        using TestMount mount = TestMount.Create();
        for (int i = 0; i < 200; i++)
        {
            Write($"{mount.Upper}/f{i}", new string('x', i * 50));
        }

        mount.Unmount();
        Assert.All(mount.LowerFiles(), f => Assert.True(IsSealed(new FileInfo(f).Length), $"{f}: {new FileInfo(f).Length}"));
        mount.Mount();
        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal(i * 50, WholeFile.Read($"{mount.Upper}/f{i}").Length));
    }

    [MountedFact]
    public void Unmounting_while_a_file_is_open_is_busy()
    {
        if (Target.Current == Target.Bare)
        {
            return;
        }

        using TestMount mount = TestMount.Create();
        int fd = Sys.Open(mount.Upper + "/f", Sys.O_RDWR | Sys.O_CREAT).Count;
        Assert.Equal("EBUSY", Sys.Umount(mount.Upper, 0).Name);
        Assert.Equal("ok", Sys.Pwrite(fd, "x"u8, 0).Name);
        Sys.Close(fd);
    }

    [StackFsFact]
    public void A_mount_over_its_own_lower_directory_works_and_shows_it_again_afterwards()
    {
        using TestMount mount = TestMount.Create(over: true);
        Assert.Empty(Sys.Names(mount.Upper));
        Write(mount.Upper + "/secret", "words");
        Assert.Equal(["secret"], Sys.Names(mount.Upper));
        mount.Unmount();
        string lower = Assert.Single(mount.LowerFiles());
        Assert.DoesNotContain("secret", lower, StringComparison.Ordinal);
        Assert.Equal(-1, File.ReadAllBytes(lower).AsSpan().IndexOf("words"u8));
        mount.Mount();
        Assert.Equal("words"u8.ToArray(), WholeFile.Read(mount.Upper + "/secret"));
    }

    [MountedFact]
    public void Several_mounts_side_by_side_do_not_mix()
    {
        TestMount[] mounts = [.. Enumerable.Range(0, 4).Select(_ => TestMount.Create())];
        try
        {
            for (int i = 0; i < mounts.Length; i++)
            {
                Write(mounts[i].Upper + "/name", $"mount {i}");
            }

            Assert.All(Enumerable.Range(0, mounts.Length), i =>
                Assert.Equal($"mount {i}", Encoding.ASCII.GetString(WholeFile.Read(mounts[i].Upper + "/name"))));
            Assert.Equal("EXDEV", Target.Current == Target.Bare ? "EXDEV" : Sys.Rename(mounts[0].Upper + "/name", mounts[1].Upper + "/other").Name);
        }
        finally
        {
            Array.ForEach(mounts, m => m.Dispose());
        }
    }

    [StackFsFact]
    public void A_file_handle_of_an_earlier_mount_is_stale()
    {
        using TestMount mount = TestMount.Create();
        Write(mount.Upper + "/f", "one");
        Assert.Equal("ok", Sys.NameToHandle(mount.Upper + "/f", out byte[] handle).Name);
        mount.Remount();
        Write(mount.Upper + "/g", "two");
        int root = Sys.Open(mount.Upper, Sys.O_RDONLY | Sys.O_DIRECTORY).Count;
        Sys.Lstat(mount.Upper + "/f", out _);
        string answer = Sys.OpenByHandle(root, handle, Sys.O_RDONLY).Name;
        Sys.Close(root);
        Assert.Contains(answer, new[] { "ESTALE", "EPERM" });
    }

    [StackFsFact]
    public void Without_allow_other_another_user_is_kept_out()
    {
        using TestMount mount = TestMount.Create(options: "");
        Write(mount.Upper + "/f", "x");
        Sys.Chmod(mount.Upper, 0x1FF);
        string answer = "";
        Thread other = new(() =>
        {
            Sys.SetThreadIdentity(54321, 54321);
            answer = Sys.Open(mount.Upper + "/f", Sys.O_RDONLY).Name;
        });
        other.Start();
        other.Join();
        Assert.Equal("EACCES", answer);
    }

    [StackFsFact]
    public void Nothing_of_a_name_a_target_an_attribute_or_a_content_is_readable_below()
    {
        using TestMount mount = TestMount.Create();
        byte[] word = "Confidential"u8.ToArray();
        string text = Encoding.ASCII.GetString(word);
        Sys.Mkdir($"{mount.Upper}/{text}");
        Write($"{mount.Upper}/{text}/{text}.txt", string.Concat(Enumerable.Repeat(text, 1000)));
        Write($"{mount.Upper}/{text}" + new string('x', 240), text);
        Sys.Symlink("/" + text + new string('y', 3000), mount.Upper + "/link");
        Sys.Symlink("/" + text, mount.Upper + "/short");
        Sys.SetXattr($"{mount.Upper}/{text}", "user." + text, word);
        mount.Unmount();
        foreach (string path in Directory.EnumerateFileSystemEntries(mount.Lower, "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain(text, path[mount.Lower.Length..], StringComparison.OrdinalIgnoreCase);
            Sys.ReadLink(path, out string target);
            Assert.DoesNotContain(text, target, StringComparison.OrdinalIgnoreCase);
            Sys.ListXattr(path, 65536, out string[] names);
            Assert.DoesNotContain(names, n => n.Contains(text, StringComparison.OrdinalIgnoreCase));
            byte[] value = new byte[65536];
            Assert.All(names, n => Assert.Equal(-1, value.AsSpan(0, Sys.GetXattr(path, n, value).Count).IndexOf(word)));
            if (target.Length == 0 && File.Exists(path))
            {
                Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf(word));
            }
        }

        mount.Mount();
        Assert.Equal(text + ".txt", Assert.Single(Sys.Names($"{mount.Upper}/{text}")));
    }

    private static bool IsSealed(long size) => size is 0 or 4096 || (size >= 8193 && size % 4096 is >= 1 and <= 4064);

    private static void Write(string path, string text)
    {
        int fd = Sys.Open(path, Sys.O_WRONLY | Sys.O_CREAT).Count;
        Assert.Equal(text.Length, Sys.Pwrite(fd, Encoding.ASCII.GetBytes(text), 0).Value);
        Sys.Close(fd);
    }
}
