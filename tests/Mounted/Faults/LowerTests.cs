using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Faults;

/// <summary>A lower directory that cannot be written, or that goes away.</summary>
public sealed class LowerTests
{
    private const ulong MS_RDONLY = 1, MS_REMOUNT = 32, MS_BIND = 4096;

    [StackFsFact]
    public void A_read_only_lower_reads_and_refuses_writes_with_EROFS()
    {
        using TestMount mount = TestMount.Create();
        Put(mount.Upper + "/f", "content");
        mount.Unmount();
        Assert.Equal("ok", Sys.Mount(mount.Lower, mount.Lower, "none", MS_BIND, null).Name);
        Assert.Equal("ok", Sys.Mount("none", mount.Lower, "none", MS_BIND | MS_REMOUNT | MS_RDONLY, null).Name);
        try
        {
            mount.Mount();
            Deadline.Run(mount, TimeSpan.FromSeconds(20), () =>
            {
                Assert.Equal("content", Get(mount.Upper + "/f"));
                Assert.Equal("EROFS", Sys.Open(mount.Upper + "/f", Sys.O_RDWR).Name);
                Assert.Equal("EROFS", Sys.Open(mount.Upper + "/new", Sys.O_RDWR | Sys.O_CREAT).Name);
                Assert.Equal("EROFS", Sys.Unlink(mount.Upper + "/f").Name);
                Assert.Equal("EROFS", Sys.Mkdir(mount.Upper + "/d").Name);
                Assert.Equal("EROFS", Sys.Chmod(mount.Upper + "/f", 0x1FF).Name);
                Assert.Equal("EROFS", Sys.Truncate(mount.Upper + "/f", 1).Name);
                Assert.Equal("EROFS", Sys.Rename(mount.Upper + "/f", mount.Upper + "/g").Name);
            });
            mount.Unmount();
        }
        finally
        {
            Sys.Umount(mount.Lower, Sys.MNT_DETACH);
        }
    }

    [StackFsFact]
    public void A_lower_directory_that_was_removed_gives_errors_and_an_orderly_unmount()
    {
        using TestMount mount = TestMount.Create();
        Put(mount.Upper + "/f", "content");
        int open = Sys.Open(mount.Upper + "/f", Sys.O_RDWR).Count;
        Directory.Delete(mount.Lower, recursive: true);
        Deadline.Run(mount, TimeSpan.FromSeconds(20), () =>
        {
            Assert.Contains(Sys.Open(mount.Upper + "/new", Sys.O_RDWR | Sys.O_CREAT).Name, new[] { "ENOENT", "ESTALE" });
            Assert.Contains(Sys.Mkdir(mount.Upper + "/d").Name, new[] { "ENOENT", "ESTALE" });
            byte[] buffer = new byte[7];
            Assert.Equal(7, Sys.Pread(open, buffer, 0).Value);
            Assert.Equal("content"u8, buffer);
        });
        Sys.Close(open);
        mount.Unmount();
    }

    [StackFsFact]
    public void A_lower_file_removed_behind_the_mount_is_missing_and_can_be_made_again()
    {
        using TestMount mount = TestMount.Create();
        Put(mount.Upper + "/f", "content");
        mount.Remount();
        File.Delete(Assert.Single(mount.LowerFiles()));
        Deadline.Run(mount, TimeSpan.FromSeconds(20), () =>
        {
            Assert.Equal("ENOENT", Sys.Open(mount.Upper + "/f", Sys.O_RDONLY).Name);
            Put(mount.Upper + "/f", "again");
            Assert.Equal("again", Get(mount.Upper + "/f"));
        });
    }

    [StackFsFact]
    public void A_symlink_planted_below_does_not_lead_out()
    {
        using TestMount mount = TestMount.Create();
        Sys.Mkdir(mount.Upper + "/d");
        string lower = Assert.Single(Directory.EnumerateDirectories(mount.Lower));
        mount.Unmount();
        Directory.Delete(lower);
        Sys.Symlink("/etc", lower);
        mount.Mount();
        Deadline.Run(mount, TimeSpan.FromSeconds(20), () =>
        {
            Assert.NotEqual("ok", Sys.Open(mount.Upper + "/d/passwd", Sys.O_RDONLY).Name);
            Assert.NotEqual("ok", Sys.Open(mount.Upper + "/d/stackfs-test-planted", Sys.O_RDWR | Sys.O_CREAT).Name);
        });
        Assert.False(File.Exists("/etc/stackfs-test-planted"));
    }

    private static void Put(string path, string text)
    {
        int fd = Sys.Open(path, Sys.O_WRONLY | Sys.O_CREAT | Sys.O_TRUNC).Count;
        byte[] data = System.Text.Encoding.ASCII.GetBytes(text);
        Assert.Equal(data.Length, Sys.Pwrite(fd, data, 0).Value);
        Sys.Close(fd);
    }

    private static string Get(string path)
    {
        int fd = Sys.Open(path, Sys.O_RDONLY).Count;
        byte[] buffer = new byte[100];
        Result read = Sys.Pread(fd, buffer, 0);
        Sys.Close(fd);
        return read.Ok ? System.Text.Encoding.ASCII.GetString(buffer, 0, read.Count) : read.Name;
    }
}
