using StackFs.Cli;
using StackFs.Cli.Usb;

namespace StackFs.Tests.Cli;

/// <summary>stackfs-automount.conf(5), and what is refused of it.</summary>
public class AutomountFileTests
{
    private static readonly string Example = File.ReadAllText(Path.Combine(Machine.Root, "packaging/examples/automount.conf"));

    [Fact]
    public void The_example_is_read_and_written_again_as_it_is()
    {
        AutomountFile file = AutomountFile.Parse("desk", Example);
        Assert.Equal(new StickIdentity("CAFE-1234", "vfat", "4C530001230", null, null), file.Stick);
        Assert.Equal("/home/joe/secret", Assert.Single(file.Volumes).Mountpoint);
        Assert.Equal(RemovalAction.Lock, file.OnRemoval);
        Assert.Equal(Example.Split('\n')[1..], file.Format().Split('\n')[1..]);
    }

    [Fact]
    public void The_line_that_udev_looks_for_stands_alone() =>
        Assert.Contains("FilesystemUuid=CAFE-1234", AutomountFile.Parse("desk", Example).Format().Split('\n'));

    [Theory]
    [InlineData("FilesystemUuid=CAFE-1234\n", "", "FilesystemUuid= is missing")]
    [InlineData("Filesystem=vfat", "Filesystem=iso9660", "Filesystem=iso9660 is none that is mounted from a stick")]
    [InlineData("File=stackfs-desk.pem", "File=/etc/shadow", "File=/etc/shadow is not a path below the stick's top")]
    [InlineData("File=stackfs-desk.pem", "File=a/../../b", "File=a/../../b is not a path below the stick's top")]
    [InlineData("Kind=pem", "Kind=pgp", "Kind=pgp is neither pem nor passphrase")]
    [InlineData("Lower=/srv", "Lower=srv", "Lower=srv/secret is not an absolute path")]
    [InlineData("Signature=0123456789abcdef", "Signature=0123", "Signature=0123 is not 16 hexadecimal digits")]
    [InlineData("Action=lock", "Action=burn", "Action=burn is none of lock, unmount and leave")]
    [InlineData("[Removal]", "[Removed]", "[Removed] has no Action=")]
    [InlineData("Kind=pem", "Kind=pem\nKind=pem", "Kind= stands twice in [Key]")]
    [InlineData("[Removal]\nAction=lock", "[Key]\nFile=x", "it has 2 sections [Key], not one")]
    [InlineData("# /etc", "Action=lock\n# /etc", "'Action=lock' is neither [Section] nor Name=value below one")]
    public void What_is_not_understood_is_an_error_that_says_so(string from, string to, string message)
    {
        string text = Example.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(Example, text);
        CommandException error = Assert.Throws<CommandException>(() => AutomountFile.Parse("desk", text));
        Assert.EndsWith("/automount.d/desk.conf: " + message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stick_with_the_same_filesystem_and_another_serial_number_is_another()
    {
        StickIdentity wanted = AutomountFile.Parse("desk", Example).Stick;
        Assert.Null(wanted.DifferenceOf(wanted with { Vendor = "46f4", Model = "0001" }));
        Assert.Equal("serial unknown, not 4C530001230", wanted.DifferenceOf(wanted with { Serial = null }));
        Assert.Equal("filesystem ext4, not vfat", wanted.DifferenceOf(wanted with { Filesystem = "ext4" }));
    }
}
