using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Mounting;

namespace StackFs.Tests.Unit.Mounting;

public class MountOptionsTests
{
    [Fact]
    public void Nothing_asked_for_is_a_private_mount_without_set_user_id()
    {
        MountOptions options = Parse("");
        Assert.False(options.AllowOther);
        Assert.False(options.IsReadOnly);
        Assert.Null(options.IsShared);
        Assert.Null(options.UsesWriteback);
        Assert.Equal(MountFlags.NoSuid | MountFlags.NoDev, options.VfsFlags);
        Assert.Empty(options.Keys);
    }

    [Fact]
    public void Each_option_sets_its_own_property()
    {
        MountOptions options = Parse(
            "ro,allow_other,shared,strict,nowriteback,threads=3,dev,suid,noexec,noatime,sig=0123456789abcdef");
        Assert.True(options.IsReadOnly);
        Assert.True(options.AllowOther);
        Assert.True(options.IsShared);
        Assert.True(options.IsStrict);
        Assert.False(options.UsesWriteback);
        Assert.Equal(3, options.Threads);
        Assert.Equal(MountFlags.ReadOnly | MountFlags.NoExec | MountFlags.NoAtime, options.VfsFlags);
        Assert.Equal("0123456789abcdef", options.Signature);
    }

    [Fact]
    public void The_carrier_is_chosen_by_name()
    {
        Assert.Equal(FuseCarrier.Device, Parse("").Carrier);
        Assert.Equal(FuseCarrier.Auto, Parse("carrier=device,carrier=auto").Carrier);
        Assert.Equal(FuseCarrier.IoUring, Parse("carrier=uring").Carrier);
        Assert.Equal(FuseCarrier.Device, Parse("carrier=device").Carrier);
        Assert.False(MountOptions.TryParse("carrier=pigeon", isSloppy: true, out _, out string? problem));
        Assert.Equal("carrier=pigeon: the carriers are auto, uring and device", problem);
    }

    [Fact]
    public void The_last_of_contradicting_options_counts()
    {
        MountOptions options = Parse("ro,rw,shared,exclusive,writeback,nowriteback");
        Assert.False(options.IsReadOnly);
        Assert.False(options.IsShared);
        Assert.False(options.UsesWriteback);
    }

    [Fact]
    public void Keys_are_kept_in_order_and_in_every_spelling()
    {
        MountOptions options = Parse(
            @"key=passphrase,passfile=/a\,b,passphrase_passwd_fd=3,key=openssl:keyfile=/k.pem:passwd_fd=4");
        Assert.Equal(
            [
                "passphrase", "passphrase:passphrase_passwd_file=/a,b", "passphrase:passphrase_passwd_fd=3",
                "openssl:keyfile=/k.pem:passwd_fd=4",
            ],
            options.Keys);
    }

    [Fact]
    public void What_mount_and_fstab_keep_for_themselves_is_ignored()
    {
        MountOptions options = Parse("defaults,noauto,user,nofail,_netdev,x-systemd.automount,X-mount.mkdir,fsname=x,,");
        Assert.Empty(options.Ignored);
    }

    [Theory]
    [InlineData("wibble", "unknown mount option 'wibble'")]
    [InlineData("ro,wibble=3", "unknown mount option 'wibble'")]
    [InlineData("allow_other=1", "unknown mount option 'allow_other'")]
    [InlineData("threads=0", "threads=0: give a number")]
    [InlineData("threads=many", "threads=many: give a number")]
    [InlineData("threads", "threads: needs a value")]
    [InlineData("key", "key: needs a value")]
    [InlineData("sig=xyz", "sig=xyz: a signature is 16 hexadecimal digits")]
    public void What_is_wrong_is_named(string text, string problem)
    {
        Assert.False(MountOptions.TryParse(text, isSloppy: false, out MountOptions? options, out string? message));
        Assert.Null(options);
        Assert.StartsWith(problem, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message!);
    }

    [Fact]
    public void A_sloppy_mount_collects_what_nobody_knows_but_still_refuses_what_is_wrong()
    {
        Assert.True(MountOptions.TryParse("wibble,ro,wobble=1", isSloppy: true, out MountOptions? options, out _));
        Assert.Equal(["wibble", "wobble=1"], options!.Ignored);
        Assert.True(options.IsReadOnly);
        Assert.False(MountOptions.TryParse("threads=0", isSloppy: true, out _, out _));
    }

    private static MountOptions Parse(string text)
    {
        Assert.True(MountOptions.TryParse(text, isSloppy: false, out MountOptions? options, out string? problem), problem);
        return options!;
    }
}
