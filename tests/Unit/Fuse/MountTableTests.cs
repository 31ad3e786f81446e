using StackFs.Fuse;
using StackFs.Interop;

namespace StackFs.Tests.Unit.Fuse;

public sealed class MountTableTests
{
    [Fact]
    public void Lines_are_taken_apart_and_unescaped()
    {
        MountEntry entry = Assert.Single(MountTable.Parse(
            [@"36 35 0:51 / /mnt/a\040b\134c rw,noatime shared:1 master:2 - fuse.stackfs /lower\011dir rw,user_id=0"]));

        Assert.Equal((0u, 51u), (entry.DeviceMajor, entry.DeviceMinor));
        Assert.Equal(@"/mnt/a b\c", entry.MountPoint);
        Assert.Equal("fuse.stackfs", entry.Type);
        Assert.Equal("/lower\tdir", entry.Source);
        Assert.Equal("rw,noatime,rw,user_id=0", entry.Options);
    }

    [Theory]
    [InlineData("")]
    [InlineData("36 35 0:51 / /mnt rw")]
    [InlineData("36 35 0 / /mnt rw - ext4 /dev/sda1 rw")]
    [InlineData("36 35 0:x / /mnt rw - ext4 /dev/sda1 rw")]
    public void Lines_of_another_form_are_left_out(string line)
    {
        Assert.Empty(MountTable.Parse([line]));
    }

    [Fact]
    public void This_machine_has_a_root()
    {
        Assert.Contains(MountTable.Read(), entry => entry.MountPoint == "/");
    }

    [Fact]
    public void Options_are_written_for_kernel_and_helper()
    {
        var options = new FuseMountOptions
        {
            Source = @"/a,b\c",
            MountPoint = "/mnt",
            Flags = MountFlags.NoSuid | MountFlags.ReadOnly,
            AllowOther = true,
            MaxRead = 65536,
        };

        Assert.Equal(
            "fd=7,rootmode=40000,user_id=1000,group_id=100,allow_other,default_permissions,max_read=65536",
            MountOptionText.ForKernel(options, 7, 1000, 100));
        Assert.Equal(
            @"fsname=/a\,b\\c,subtype=stackfs,ro,nosuid,allow_other,default_permissions,max_read=65536",
            MountOptionText.ForHelper(options));
    }
}
