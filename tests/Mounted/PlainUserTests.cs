using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted;

/// <summary>A user without privileges makes a volume, mounts it through fusermount3, and has it to themselves.</summary>
public sealed class PlainUserTests
{
    // nobody: fusermount3 asks for a user that has a name.
    private const uint User = 65534;

    [PlainUserFact]
    public void A_plain_user_mounts_writes_reads_and_unmounts()
    {
        using TestMount mount = TestMount.Create(options: "", user: User);
        As(User, () =>
        {
            int fd = Sys.Open(mount.Upper + "/f", Sys.O_RDWR | Sys.O_CREAT).Count;
            Assert.Equal(5, Sys.Pwrite(fd, "words"u8, 0).Value);
            Assert.Equal("ok", Sys.Fsync(fd).Name);
            Sys.Close(fd);
            Assert.Equal("ok", Sys.Mkdir(mount.Upper + "/d").Name);
            Assert.Equal("ok", Sys.Symlink("f", mount.Upper + "/d/l").Name);
            Assert.Equal("ok", Sys.Rename(mount.Upper + "/f", mount.Upper + "/d/g").Name);
            Assert.Equal("EPERM", Sys.Chown(mount.Upper + "/d/g", 0, 0).Name);
            Sys.Lstat(mount.Upper + "/d/g", out FileStatus status);
            Assert.Equal((User, User, 5L), (status.Uid, status.Gid, status.Size));
        });

        // Not even root looks into a mount without allow_other.
        Assert.Equal("EACCES", Sys.Open(mount.Upper + "/d/g", Sys.O_RDONLY).Name);
        mount.Remount();
        As(User, () =>
        {
            byte[] found = new byte[10];
            int fd = Sys.Open(mount.Upper + "/d/g", Sys.O_RDONLY).Count;
            Assert.Equal(5, Sys.Pread(fd, found, 0).Value);
            Sys.Close(fd);
            Assert.Equal("words"u8, found.AsSpan(0, 5));
        });
    }

    [PlainUserFact]
    public void A_plain_user_unmounts_with_fusermount3()
    {
        using TestMount mount = TestMount.Create(options: "", user: User);
        (int code, string errors) = TestMount.Run("fusermount3", ["-u", mount.Upper], user: User);
        Assert.True(code == 0, errors);
        Assert.False(MountTable.Contains(mount.Upper));
        mount.WaitForEnd();
    }

    [PlainUserFact]
    public void A_file_of_ones_own_without_write_permission_takes_times_and_modes()
    {
        using TestMount mount = TestMount.Create(options: "", user: User);
        As(User, () =>
        {
            int fd = Sys.Open(mount.Upper + "/f", Sys.O_RDWR | Sys.O_CREAT, 0x100).Count;
            Assert.Equal("ok", Sys.Pwrite(fd, "abc"u8, 0).Name);
            Sys.Close(fd);
            Assert.Equal("EACCES", Sys.Open(mount.Upper + "/f", Sys.O_WRONLY).Name);
            Assert.Equal("ok", Sys.Utimens(mount.Upper + "/f", (1, 2), (3, 4)).Name);
            Assert.Equal("ok", Sys.Chmod(mount.Upper + "/f", 0x180).Name);
            Assert.Equal("ok", Sys.Truncate(mount.Upper + "/f", 1).Name);
            Sys.Lstat(mount.Upper + "/f", out FileStatus status);
            Assert.Equal((1L, 0x180), (status.Size, status.Permissions));
        });
    }

    [PlainUserFact]
    public void What_another_process_of_the_same_number_left_behind_is_in_nobodys_way()
    {
        int last = int.Parse(File.ReadAllText("/proc/sys/kernel/ns_last_pid"), System.Globalization.CultureInfo.InvariantCulture);
        string[] left = [.. Enumerable.Range(last, 500).Select(static n => $"/tmp/dotnet-diagnostic-{n}-1-socket")];
        try
        {
            Array.ForEach(left, static path => File.WriteAllText(path, ""));
            using TestMount mount = TestMount.Create(options: "", user: User);
            As(User, () => Assert.Equal("ok", Sys.Mkdir(mount.Upper + "/d").Name));
        }
        finally
        {
            Array.ForEach(left, File.Delete);
        }
    }

    private static void As(uint user, Action body)
    {
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                Assert.Equal("ok", Sys.SetThreadIdentity(user, user).Name);
                body();
            }
            catch (Exception e)
            {
                failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    /// <summary>Needs fusermount3, setpriv and a /dev/fuse that users may open.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class PlainUserFactAttribute : FactAttribute
    {
        public PlainUserFactAttribute() => Skip = Capability.MissingForStackFs ??
            (ProgramFile.FindOnPath("fusermount3") is null ? "fusermount3 is missing (package fuse3)" :
            ProgramFile.FindOnPath("setpriv") is null ? "setpriv is missing (package util-linux)" :
            (Sys.Stat("/dev/fuse", out FileStatus device).Ok ? device.Mode & 6 : 0) != 6 ? "users may not open /dev/fuse (chmod 666 /dev/fuse)" : null);
    }
}
