using StackFs.Mounting;

namespace StackFs.Tests.Unit.Mounting;

public class LegacyOptionsTests
{
    [Fact]
    public void Its_options_are_told_from_the_volumes_own()
    {
        MountOptions options = Parse(
            "key=passphrase,sig=0011223344556677,legacy=write,legacy_key=passphrase:passfile=/p,legacy_key=keyring:0011223344556677,"
            + "ecryptfs_sig=383d106e7179b560,ecryptfs_key_bytes=32,ecryptfs_enable_filename_crypto=y,trust");
        Assert.Null(options.Ecryptfs);
        Assert.Equal(["passphrase"], options.Keys);
        Assert.Equal("0011223344556677", options.Signature);
        Assert.True(options.Legacy!.IsWritable && options.Legacy.Format.EncryptsNames);
        Assert.Equal(32, options.Legacy.Format.Cipher.KeyBytes);
        Assert.Equal("383d106e7179b560", Assert.Single(options.Legacy.Format.Signatures).ToString());
        Assert.Equal(["passphrase:passfile=/p", "keyring:0011223344556677"], options.Legacy.Keys);
    }

    [Fact]
    public void Without_it_nothing_is_shown_and_a_signature_is_the_volumes()
    {
        MountOptions options = Parse("ecryptfs_sig=383d106e7179b560");
        Assert.Null(options.Legacy);
        Assert.Equal("383d106e7179b560", options.Signature);
    }

    [Theory]
    [InlineData("legacy", "legacy: legacy=read or legacy=write is needed")]
    [InlineData("legacy=yes", "legacy=yes: legacy=read or legacy=write is needed")]
    [InlineData("format=ecryptfs,legacy=read", "does not go with format=ecryptfs")]
    [InlineData("legacy_key=passphrase", "needs legacy=read or legacy=write")]
    [InlineData("legacy=read,ecryptfs_passthrough", "do not go with legacy=")]
    [InlineData("legacy=read,ecryptfs_encrypted_view=y", "do not go with legacy=")]
    [InlineData("legacy=read,ecryptfs_key_bytes=17", "ecryptfs_key_bytes=17")]
    [InlineData("legacy=read,ecryptfs_nonsense=1", "unknown mount option 'ecryptfs_nonsense'")]
    public void What_is_wrong_is_said_in_a_line(string text, string problem)
    {
        Assert.False(MountOptions.TryParse(text, isSloppy: false, out MountOptions? options, out string? said));
        Assert.Null(options);
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    private static MountOptions Parse(string text)
    {
        Assert.True(MountOptions.TryParse(text, isSloppy: false, out MountOptions? options, out string? problem), problem);
        return options!;
    }
}
