using System.Text;
using StackFs.Codecs.Ecryptfs;
using StackFs.Content.Ecryptfs;
using StackFs.Interop;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Mounting.Ecryptfs;
using Libc = StackFs.Interop.Libc;

namespace StackFs.Tests.Unit.Ecryptfs;

public sealed class MountKeysTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("stackfs-ecryptfs-keys-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void One_passphrase_is_the_key_of_contents_and_by_default_of_names()
    {
        using EcryptfsVolume volume = Build("p1", "enable_filename_crypto=y", out List<string> warnings);
        Assert.Empty(warnings);
        Assert.Equal(Content("p1"), volume.NamesKey!.Signature);
        byte[] page = new byte[4096];
        using FileKey key = volume.CreateMetadata(page, out int length);
        Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(page, out EcryptfsHeader? header));
        Assert.Equal(81, length);
        Assert.Equal(EcryptfsFlags.Encrypted | EcryptfsFlags.EncryptedNames, header!.Flags);
        Assert.Equal(Content("p1"), header.Packets[0].Signature);
    }

    [Fact]
    public void A_names_signature_with_the_salt_of_encrypted_homes_is_found()
    {
        using EcryptfsVolume volume = Build("p1", $"fnek_sig={Names("p1")}", out _);
        Assert.Equal(Names("p1"), volume.NamesKey!.Signature);
    }

    [Fact]
    public void Without_a_names_signature_the_names_that_are_there_decide()
    {
        using (SecretBuffer text = TestKeys.Secret("p1"))
        using (EcryptfsKey key = EcryptfsKey.FromPassphrase(text, EcryptfsSalt.Names))
        using (NameCipher cipher = new(new CipherSpec(CipherKind.Aes, 16), key))
        {
            byte[] lower = new byte[255];
            Assert.Equal(NameStatus.Ok, cipher.Encode("a name"u8, lower, out int length));
            File.WriteAllBytes(Path.Combine(_directory, Encoding.ASCII.GetString(lower, 0, length)), []);
        }

        using EcryptfsVolume volume = Build("p1", "enable_filename_crypto=y", out List<string> warnings);
        Assert.Equal(Names("p1"), volume.NamesKey!.Signature);
        Assert.Empty(warnings);
        using EcryptfsVolume plain = Build("p1", "", out warnings);
        Assert.Contains("names here are encrypted", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void The_salt_of_a_named_key_comes_from_the_files_there()
    {
        Assert.True(EcryptfsSalt.TryParse("8877665544332211", out EcryptfsSalt salt));
        EcryptfsSignature signature;
        using (SecretBuffer text = TestKeys.Secret("p1"))
        using (EcryptfsKey key = EcryptfsKey.FromPassphrase(text, salt))
        {
            signature = key.Signature;
            File.WriteAllBytes(Path.Combine(_directory, "file"), TestKeys.Header(new CipherSpec(CipherKind.Aes, 16), key));
        }

        using EcryptfsVolume volume = Build("p1", $"sig={signature}", out List<string> warnings);
        Assert.True(volume.Keys.Contains(signature));
        Assert.Empty(warnings);
        using EcryptfsVolume other = Build("another", "", out warnings);
        Assert.Contains("the passphrase may be wrong", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sig=0011223344556677", "ecryptfs_sig=0011223344556677: no key given has this signature")]
    [InlineData("fnek_sig=0011223344556677", "ecryptfs_fnek_sig=0011223344556677: no key given has this signature")]
    public void A_signature_that_no_key_has_is_refused(string options, string part) =>
        Assert.Contains(part, Refusal("p1", options), StringComparison.Ordinal);

    [Fact]
    public void Without_a_key_it_says_what_to_give() =>
        Assert.Contains("give key=passphrase", Refusal(null, ""), StringComparison.Ordinal);

    [Fact]
    public void A_public_key_cannot_encrypt_names_or_wrap_more_than_it_holds()
    {
        using EcryptfsMountKeys keys = new();
        using System.Security.Cryptography.RSA rsa = System.Security.Cryptography.RSA.Create(512);
        Assert.True(EcryptfsPrivateKey.TryLoadPem(
            Encoding.ASCII.GetBytes(rsa.ExportRSAPrivateKeyPem()), null, out EcryptfsPrivateKey? pair));
        keys.Add(pair!);
        Assert.False(keys.Build(
            Options("enable_filename_crypto=y"), Traces(), out _, [], out string? error));
        Assert.Contains("names cannot be encrypted under a public key", error, StringComparison.Ordinal);
        Assert.False(keys.Build(Options("key_bytes=32"), Traces(), out _, [], out error));
        Assert.Contains("wraps at most 19", error, StringComparison.Ordinal);
    }

    private static EcryptfsSignature Content(string passphrase) => Signature(passphrase, EcryptfsSalt.Content);

    private static EcryptfsSignature Names(string passphrase) => Signature(passphrase, EcryptfsSalt.Names);

    private static EcryptfsSignature Signature(string passphrase, EcryptfsSalt salt)
    {
        using SecretBuffer text = TestKeys.Secret(passphrase);
        using EcryptfsKey key = EcryptfsKey.FromPassphrase(text, salt);
        return key.Signature;
    }

    private static EcryptfsOptions Options(string text)
    {
        IEnumerable<KeyValuePair<string, string?>> pairs = text
            .Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(static option => option.Split('='))
            .Select(static parts => new KeyValuePair<string, string?>(parts[0], parts[1]));
        Assert.True(EcryptfsOptions.TryParse(pairs, out EcryptfsOptions? options, out string? error), error);
        return options!;
    }

    private EcryptfsTraces Traces()
    {
        Assert.Equal(Errno.None, Libc.OpenPath(
            Encoding.UTF8.GetBytes(_directory), OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? fd));
        using (fd)
        {
            return EcryptfsTraces.Find(fd!);
        }
    }

    private EcryptfsVolume Build(string passphrase, string options, out List<string> warnings)
    {
        using EcryptfsMountKeys keys = new();
        using SecretBuffer text = TestKeys.Secret(passphrase);
        Assert.True(keys.TryAddPassphrase(text, null, out string? error), error);
        warnings = [];
        Assert.True(keys.Build(Options(options), Traces(), out EcryptfsVolume? volume, warnings, out error), error);
        return volume!;
    }

    private string Refusal(string? passphrase, string options)
    {
        using EcryptfsMountKeys keys = new();
        if (passphrase is not null)
        {
            using SecretBuffer text = TestKeys.Secret(passphrase);
            Assert.True(keys.TryAddPassphrase(text, null, out _));
        }

        Assert.False(keys.Build(Options(options), Traces(), out EcryptfsVolume? none, [], out string? error));
        Assert.Null(none);
        return error!;
    }
}
