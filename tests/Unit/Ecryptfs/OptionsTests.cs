using StackFs.Codecs.Ecryptfs;
using StackFs.Mounting;
using StackFs.Mounting.Ecryptfs;

namespace StackFs.Tests.Unit.Ecryptfs;

public class OptionsTests
{
    [Fact]
    public void Without_options_it_is_aes_128_with_plain_names()
    {
        EcryptfsOptions options = Parse("");
        Assert.Equal(new CipherSpec(CipherKind.Aes, 16), options.Cipher);
        Assert.False(options.CipherIsGiven);
        Assert.False(options.EncryptsNames || options.Passthrough || options.MetadataInAttribute || options.EncryptedView);
        Assert.Empty(options.Signatures);
    }

    [Theory]
    [InlineData("ecryptfs_cipher=aes,ecryptfs_key_bytes=32,ecryptfs_passthrough=n,ecryptfs_enable_filename_crypto=y,"
        + "ecryptfs_fnek_sig=383d106e7179b560,ecryptfs_sig=383d106e7179b560,ecryptfs_unlink_sigs,no_sig_cache")]
    [InlineData("cipher=aes,key_bytes=32,passthrough=no,enable_filename_crypto=yes,fnek_sig=383D106E7179B560,"
        + "sig=383d106e7179b560,unlink_sigs,no_sig_cache,verbosity=0")]
    public void Both_spellings_mean_the_same(string text)
    {
        EcryptfsOptions options = Parse(text);
        Assert.Equal(new CipherSpec(CipherKind.Aes, 32), options.Cipher);
        Assert.Equal(new CipherSpec(CipherKind.Aes, 32), options.NamesCipher);
        Assert.True(options.EncryptsNames && options.UnlinkSignatures && options.SkipsSignatureCache && options.CipherIsGiven);
        Assert.False(options.Passthrough);
        Assert.Equal("383d106e7179b560", options.NamesSignature.ToString());
        Assert.Equal("383d106e7179b560", Assert.Single(options.Signatures).ToString());
    }

    [Theory]
    [InlineData("ecryptfs_xattr", true, false)]
    [InlineData("ecryptfs_xattr_metadata", true, false)]
    [InlineData("xattr=n", false, false)]
    [InlineData("ecryptfs_encrypted_view", true, true)]
    [InlineData("encrypted_view=y,passthrough", true, true)]
    public void The_encrypted_view_looks_at_attributes_too(string text, bool attribute, bool view)
    {
        EcryptfsOptions options = Parse(text);
        Assert.Equal(attribute, options.MetadataInAttribute);
        Assert.Equal(view, options.EncryptedView);
    }

    [Fact]
    public void A_names_signature_turns_names_on_and_an_explicit_no_off()
    {
        Assert.True(Parse("ecryptfs_fnek_sig=383d106e7179b560").EncryptsNames);
        Assert.False(Parse("ecryptfs_fnek_sig=383d106e7179b560,ecryptfs_enable_filename_crypto=n").EncryptsNames);
        EcryptfsOptions other = Parse("cipher=blowfish,ecryptfs_fn_cipher=aes,ecryptfs_fn_key_bytes=24,fnek_sig=383d106e7179b560");
        Assert.Equal(new CipherSpec(CipherKind.Blowfish, 16), other.Cipher);
        Assert.Equal(new CipherSpec(CipherKind.Aes, 24), other.NamesCipher);
    }

    [Theory]
    [InlineData("cipher=rot13", "ecryptfs_cipher=rot13: no such cipher; use aes, blowfish")]
    [InlineData("key_bytes=many", "a number of bytes is needed")]
    [InlineData("cipher=twofish,key_bytes=24", "files cannot be made with twofish and 24 bytes; use 16 or 32")]
    [InlineData("cipher=cast6,key_bytes=24", "files cannot be made with cast6 and 24 bytes; use 16 or 32")]
    [InlineData("cipher=cast5,key_bytes=5", "files cannot be made with cast5 and 5 bytes; use 16 or 8")]
    [InlineData("cipher=aes,key_bytes=56", "use 16 or 32 or 24")]
    [InlineData("fn_cipher=twofish,fn_key_bytes=24,fnek_sig=383d106e7179b560", "ecryptfs_fn_key_bytes=24")]
    [InlineData("sig=xyz", "16 hexadecimal digits")]
    [InlineData("fnek_sig", "16 hexadecimal digits")]
    [InlineData("passthrough=maybe", "y or n is needed")]
    [InlineData("colour=blue", "unknown option colour")]
    public void Wrong_options_say_what_to_do(string text, string part)
    {
        Assert.False(EcryptfsOptions.TryParse(Split(text), out EcryptfsOptions? options, out string? error));
        Assert.Null(options);
        Assert.Contains(part.Replace("ecryptfs_cipher=rot13", "cipher=rot13", StringComparison.Ordinal), error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error!);
    }

    [Fact]
    public void Known_options_are_known()
    {
        Assert.True(EcryptfsOptions.IsKnown("ecryptfs_mount_auth_tok_only"));
        Assert.True(EcryptfsOptions.IsKnown("ecryptfs_check_dev_ruid"));
        Assert.False(EcryptfsOptions.IsKnown("allow_other"));
    }

    [Fact]
    public void They_belong_to_a_mount_of_that_format_and_to_no_other()
    {
        Assert.True(MountOptions.TryParse(
            "allow_other,ecryptfs_key_bytes=32,format=ecryptfs,names=encrypted,ecryptfs_encrypted_view,key=passphrase",
            isSloppy: false,
            out MountOptions? options,
            out string? problem), problem);
        Assert.True(options!.AllowOther && options.IsReadOnly && options.Ecryptfs!.EncryptsNames);
        Assert.Equal(32, options.Ecryptfs.Cipher.KeyBytes);
        Assert.Equal("passphrase", Assert.Single(options.Keys));
        Assert.True(MountOptions.TryParse("format=native,sig=0011223344556677", false, out options, out _));
        Assert.Null(options!.Ecryptfs);
        Assert.False(MountOptions.TryParse("ecryptfs_key_bytes=32", false, out _, out problem));
        Assert.Contains("ecryptfs_key_bytes", problem, StringComparison.Ordinal);
        Assert.False(MountOptions.TryParse("format=ecryptfs,ecryptfs_key_bytes=99", false, out _, out problem));
        Assert.Contains("99 bytes", problem, StringComparison.Ordinal);
        Assert.False(MountOptions.TryParse("format=zip", false, out _, out problem));
        Assert.Contains("native and ecryptfs", problem, StringComparison.Ordinal);
    }

    private static EcryptfsOptions Parse(string text)
    {
        Assert.True(EcryptfsOptions.TryParse(Split(text), out EcryptfsOptions? options, out string? error), error);
        return options!;
    }

    private static IEnumerable<KeyValuePair<string, string?>> Split(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static option =>
        {
            int at = option.IndexOf('=', StringComparison.Ordinal);
            return at < 0
                ? new KeyValuePair<string, string?>(option, null)
                : new KeyValuePair<string, string?>(option[..at], option[(at + 1)..]);
        });
}
