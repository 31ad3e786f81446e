using System.Security.Cryptography;
using System.Text;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Unit.Ecryptfs;

public class KeyFileTests
{
    private const string Signature = "00112233aabbccdd";

    [Theory]
    [InlineData("00112233aabbccdd\n", true, false)]
    [InlineData("00112233aabbccdd", true, false)]
    [InlineData("00112233AABBCCDD\n8899aabbccddeeff\n", true, true)]
    [InlineData("00112233aabbccdd\r\n\n8899aabbccddeeff\n", true, true)]
    [InlineData("", false, false)]
    [InlineData("00112233aabbccd\n", false, false)]
    [InlineData("00112233aabbccdg\n", false, false)]
    [InlineData("1\n2\n", false, false)]
    [InlineData("00112233aabbccdd\n00112233aabbccdd\n00112233aabbccdd\n", false, false)]
    public void Signature_files(string text, bool good, bool second)
    {
        bool parsed = PrivateDirectory.TryParseSignatures(
            Encoding.ASCII.GetBytes(text), out EcryptfsSignature content, out EcryptfsSignature? names);
        Assert.Equal(good, parsed);
        if (good)
        {
            Assert.Equal(Signature, content.ToString());
            Assert.Equal(second, names is not null);
        }
    }

    [Theory]
    [InlineData("/home/a b/Private\n", "/home/a b/Private")]
    [InlineData("/x", "/x")]
    [InlineData("Private\n", null)]
    [InlineData("", null)]
    public void Mount_point_files(string text, string? expected)
    {
        Assert.Equal(expected is not null, PrivateDirectory.TryParseMountPoint(Encoding.UTF8.GetBytes(text), out string? path));
        Assert.Equal(expected, path);
    }

    [Theory]
    [InlineData("", WrappedPassphraseStatus.Malformed)]
    [InlineData("3a", WrappedPassphraseStatus.Malformed)]
    [InlineData("3a03", WrappedPassphraseStatus.UnknownVersion)]
    [InlineData("3a02", WrappedPassphraseStatus.Malformed)]
    [InlineData("30313233343536373839616263646566", WrappedPassphraseStatus.Malformed)]
    [InlineData("3031323334353637383961626364656600", WrappedPassphraseStatus.Malformed)]
    [InlineData("3031323334353637383961626364656700000000000000000000000000000000", WrappedPassphraseStatus.Malformed)]
    [InlineData("3031323334353637383961626364656600000000000000000000000000000000", WrappedPassphraseStatus.Ok)]
    public void Wrapped_passphrase_files(string hex, WrappedPassphraseStatus expected) =>
        Assert.Equal(expected, WrappedPassphrase.TryParse(Convert.FromHexString(hex), out _));

    [Fact]
    public void A_damaged_wrapped_passphrase_is_never_a_crash()
    {
        using SecretBuffer login = TestKeys.Secret("login");
        using SecretBuffer mount = TestKeys.Secret("mount passphrase");
        byte[] file = WrappedPassphrase.Wrap(mount, login).ToFile();
        Random random = new(11);
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = file[..random.Next(file.Length + 1)];
            if (damaged.Length > 0)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            }

            _ = WrappedPassphrase.TryParse(damaged, out _);
        }

        // Only the signature is checked: damage behind it shows as another passphrase or none.
        file[^1] ^= 1;
        Assert.Equal(WrappedPassphraseStatus.Ok, WrappedPassphrase.TryParse(file, out WrappedPassphrase? wrapped));
        WrappedPassphraseStatus status = wrapped!.Unwrap(login, out SecretBuffer? unwrapped);
        Assert.False(status == WrappedPassphraseStatus.Ok && unwrapped!.FixedTimeEquals(mount));
        unwrapped?.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void Passphrases_that_cannot_be(string text)
    {
        using SecretBuffer? passphrase = text.Length == 0 ? null : TestKeys.Secret(text);
        if (passphrase is not null)
        {
            Assert.False(EcryptfsKey.IsUsablePassphrase(passphrase));
            Assert.Throws<ArgumentException>(() => EcryptfsKey.FromPassphrase(passphrase, EcryptfsSalt.Content));
        }

        using SecretBuffer longest = TestKeys.Secret(new string('p', 64));
        using SecretBuffer tooLong = TestKeys.Secret(new string('p', 65));
        Assert.True(EcryptfsKey.IsUsablePassphrase(longest));
        Assert.False(EcryptfsKey.IsUsablePassphrase(tooLong));
    }

    [Fact]
    public void Pem_files_of_every_form_load_and_others_do_not()
    {
        using RSA rsa = RSA.Create(1024);
        using ECDsa ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        PbeParameters pbe = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        using SecretBuffer passphrase = TestKeys.Secret("pem");
        using SecretBuffer wrong = TestKeys.Secret("mep");
        EcryptfsSignature expected = Load(rsa.ExportRSAPrivateKeyPem(), null)!.Value;
        Assert.Equal(expected, Load(rsa.ExportPkcs8PrivateKeyPem(), null));
        string encrypted = rsa.ExportEncryptedPkcs8PrivateKeyPem("pem", pbe);
        Assert.Equal(expected, Load(encrypted, passphrase));
        Assert.Null(Load(encrypted, wrong));
        Assert.Null(Load(encrypted, null));
        Assert.Null(Load(rsa.ExportRSAPublicKeyPem(), null));
        Assert.Null(Load(ec.ExportECPrivateKeyPem(), null));
        Assert.Null(Load("no PEM at all", null));
        Assert.Null(Load("", null));
    }

    [Fact]
    public void A_ciphertext_for_another_key_does_not_unwrap()
    {
        using RSA rsa = RSA.Create(1024);
        using RSA other = RSA.Create(1024);
        Assert.True(EcryptfsPrivateKey.TryLoadPem(
            Encoding.ASCII.GetBytes(rsa.ExportRSAPrivateKeyPem()), null, out EcryptfsPrivateKey? key));
        Assert.True(EcryptfsPrivateKey.TryLoadPem(
            Encoding.ASCII.GetBytes(other.ExportRSAPrivateKeyPem()), null, out EcryptfsPrivateKey? otherKey));
        using (key)
        using (otherKey)
        {
            Assert.Equal(128, key!.ModulusBytes);
            Assert.Equal(83, key.MaxFileKeyBytes);
            using SecretBuffer message = TestKeys.Secret("message");
            byte[] ciphertext = key.Encrypt(message);
            using SecretBuffer? back = key.TryDecrypt(ciphertext);
            Assert.True(back!.FixedTimeEquals(message));
            Assert.Null(otherKey!.TryDecrypt(ciphertext));
            Assert.Null(key.TryDecrypt(ciphertext.AsSpan(1)));
            ciphertext[5] ^= 1;
            Assert.Null(key.TryDecrypt(ciphertext));
        }
    }

    private static EcryptfsSignature? Load(string pem, SecretBuffer? passphrase)
    {
        if (!EcryptfsPrivateKey.TryLoadPem(Encoding.ASCII.GetBytes(pem), passphrase, out EcryptfsPrivateKey? key))
        {
            return null;
        }

        using (key)
        {
            return key!.Signature;
        }
    }
}
