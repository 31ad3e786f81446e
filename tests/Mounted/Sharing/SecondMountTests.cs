using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Sharing;

/// <summary>A second mount that would write to a lower directory without knowing of the first is refused.</summary>
public sealed class SecondMountTests
{
    [StackFsFact]
    public void A_second_writable_mount_is_refused_and_told_why()
    {
        using TestMount first = TestMount.Create();
        foreach (string options in new[] { "allow_other", "allow_other,shared" })
        {
            using TestMount second = first.Beside(options, start: false);
            (int code, string errors) = second.TryMount();
            Assert.Equal(11, code);
            Assert.Contains($"another mount writes to this lower directory, at {first.Upper}", errors, StringComparison.Ordinal);
            Assert.Contains("-o shared", errors, StringComparison.Ordinal);
            Assert.False(MountTable.Contains(second.Upper));
        }

        File.WriteAllText(first.Upper + "/f", "still served");
    }

    [StackFsFact]
    public void One_that_only_reads_is_allowed_and_sees_what_is_written()
    {
        using TestMount first = TestMount.Create();
        File.WriteAllText(first.Upper + "/f", "one");
        using TestMount second = first.Beside("allow_other,ro");
        Assert.Equal("one", File.ReadAllText(second.Upper + "/f"));
        File.AppendAllText(first.Upper + "/f", " and two");
        Assert.Equal("one and two", File.ReadAllText(second.Upper + "/f"));
        Assert.Equal("EROFS", Sys.Open(second.Upper + "/g", Sys.O_WRONLY | Sys.O_CREAT).Name);
    }

    [StackFsFact]
    public void After_a_crash_or_an_unmount_the_next_mount_is_served()
    {
        using TestMount first = TestMount.Create();
        first.Kill();
        using (TestMount second = first.Beside("allow_other"))
        {
            (int code, _) = first.TryMount();
            Assert.Equal(11, code);
            File.WriteAllText(second.Upper + "/f", "content");
        }

        // While the one before is just ending, the next one waits for it.
        for (int i = 0; i < 3; i++)
        {
            first.Mount();
            Assert.Equal("content", File.ReadAllText(first.Upper + "/f"));
            using TestMount next = first.Beside("allow_other", start: false);
            Assert.True(Sys.Umount(first.Upper, 0).Ok);
            next.Mount();
            first.WaitForEnd();
        }
    }

    [StackFsFact]
    public void Slots_of_a_mounted_volume_can_be_changed_without_waiting()
    {
        using TestMount first = TestMount.Create();
        using FileStream configuration = File.OpenRead(first.Lower + "/stackfs.conf");
        Assert.True(Sys.Flock((int)configuration.SafeFileHandle.DangerousGetHandle(), Sys.LOCK_EX | Sys.LOCK_NB).Ok);
    }
}
