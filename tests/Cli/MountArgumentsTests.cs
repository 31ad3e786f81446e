using StackFs.Cli;
using StackFs.Cli.Helpers;

namespace StackFs.Tests.Cli;

public class MountArgumentsTests
{
    [Theory]
    [InlineData("l m", "", false, false, false)]
    [InlineData("l m -o ro", "ro", false, false, false)]
    [InlineData("l m -oro,strict", "ro,strict", false, false, false)]
    [InlineData("l m -sfnv -o a=b", "a=b", true, true, true)]
    [InlineData("-v l m -o a -o b", "a,b", false, false, true)]
    [InlineData("l m -rn -t stackfs -N /proc/1/ns/mnt", "ro", false, false, false)]
    [InlineData("l m -w -vo a", "rw,a", false, false, true)]
    public void Takes_what_mount_passes(string arguments, string options, bool sloppy, bool fake, bool verbose) =>
        Assert.Equal(
            new MountArguments("l", "m", options, sloppy, fake, verbose),
            MountArguments.Parse(arguments.Split(' ')));

    [Theory]
    [InlineData("l", "LOWER and MOUNTPOINT are needed, 1 given")]
    [InlineData("l m n", "LOWER and MOUNTPOINT are needed, 3 given")]
    [InlineData("l m -x", "unknown option -x")]
    [InlineData("l m -o", "-o needs a value")]
    public void Names_what_is_wrong(string arguments, string message)
    {
        CommandException error = Assert.Throws<CommandException>(() => MountArguments.Parse(arguments.Split(' ')));
        Assert.Equal(message, error.Message);
        Assert.Equal(ExitCode.Usage, error.Code);
    }

    [Fact]
    public void Fstab_gives_the_codes_of_mount()
    {
        Assert.Equal(0, MountHelper.ToMountCode(ExitCode.Success));
        Assert.Equal(1, MountHelper.ToMountCode(ExitCode.Usage));
        Assert.Equal(4, MountHelper.ToMountCode(ExitCode.Internal));
        Assert.Equal(8, MountHelper.ToMountCode(ExitCode.Interrupted));
        Assert.Equal(32, MountHelper.ToMountCode(ExitCode.KeyWrong));
    }
}
