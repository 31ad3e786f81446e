using StackFs.Cli.Serving;
using StackFs.Fuse;

namespace StackFs.Tests.Cli;

public class OurMountTests
{
    [Fact]
    public void Takes_a_mount_of_ours() => Assert.Equal(
        new OurMount("0:52", "/home/joe/my files", "/srv/a", 1000),
        OurMount.From(new MountEntry(0, 52, "/home/joe/my files", "fuse.stackfs", "/srv/a", "rw,nosuid,user_id=1000,group_id=1000")));

    [Theory]
    [InlineData("fuse.sshfs")]
    [InlineData("fuse")]
    [InlineData("ext4")]
    public void Leaves_out_others(string type) =>
        Assert.Null(OurMount.From(new MountEntry(0, 52, "/mnt", type, "/srv/a", "rw,user_id=0")));

    [Fact]
    public void A_request_survives_the_pipe()
    {
        MountRequest request = new("/a b", "/c\nd", "key=passphrase,ro", Foreground: false, Sloppy: true, Verbose: false, "mount.stackfs");
        Assert.Equal(request, MountRequest.FromBytes(request.ToBytes()));
        Assert.Null(MountRequest.FromBytes("/a\0/b\0"u8));
    }
}
