using StackFs.Keyring.Secrets;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Unit.Keyring;

public sealed class KeySpecTests
{
    [Theory]
    [InlineData("passphrase")]
    [InlineData("recovery")]
    public void WithoutOptionsItAsks(string text)
    {
        SecretInput input = Parse(text) switch
        {
            KeySpec.Passphrase p => p.Input,
            KeySpec.Recovery r => r.Input,
            _ => throw new InvalidOperationException(text),
        };
        Assert.Equal(new SecretInput.Prompt(), input);
    }

    [Theory]
    [InlineData("passphrase:passphrase_passwd_file=/run/pw", "/run/pw")]
    [InlineData("passphrase:passwd_file=/run/pw", "/run/pw")]
    [InlineData("passphrase:passfile=/run/pw", "/run/pw")]
    [InlineData("passphrase:passfile=/run/a=b", "/run/a=b")]
    [InlineData(@"passphrase:passfile=/run/a\:b", "/run/a:b")]
    [InlineData(@"passphrase:passfile=/run/a\b", @"/run/a\b")]
    public void APassphraseMayComeFromAFile(string text, string path) =>
        Assert.Equal(new KeySpec.Passphrase(new SecretInput.FromFile(path)), Parse(text));

    [Theory]
    [InlineData("passphrase:passphrase_passwd_fd=3")]
    [InlineData("passphrase:passwd_fd=3")]
    [InlineData("passphrase:passfd=3")]
    public void APassphraseMayComeFromADescriptor(string text) =>
        Assert.Equal(new KeySpec.Passphrase(new SecretInput.FromDescriptor(3)), Parse(text));

    [Theory]
    [InlineData("passphrase:passphrase_passwd=hunter2")]
    [InlineData("passphrase:passwd=hunter2")]
    [InlineData("openssl:keyfile=/k.pem:openssl_passwd=hunter2")]
    public void APassphraseWrittenOutIsExposedAndNeverPrinted(string text)
    {
        KeySpec spec = Parse(text);
        Assert.True(spec.IsExposed);
        Assert.DoesNotContain("hunter2", spec.ToString(), StringComparison.Ordinal);
        SecretInput input = spec is KeySpec.Passphrase p ? p.Input : ((KeySpec.Pem)spec).Input;
        using SecretBuffer? secret = Assert.IsType<SecretInput.Given>(input).ToSecret();
        Assert.Equal("hunter2"u8.ToArray(), Bytes.Reveal(secret!));
    }

    [Theory]
    [InlineData("openssl:keyfile=/media/k.pem")]
    [InlineData("pem:keyfile=/media/k.pem")]
    public void APemAsksForItsPassphrase(string text)
    {
        KeySpec spec = Parse(text);
        Assert.Equal(new KeySpec.Pem("/media/k.pem", new SecretInput.Prompt()), spec);
        Assert.False(spec.IsExposed);
    }

    [Theory]
    [InlineData("openssl:keyfile=/k.pem:passwd_file=/pw")]
    [InlineData("openssl:keyfile=/k.pem:openssl_passwd_file=/pw")]
    [InlineData("openssl:passwd_file=/pw:keyfile=/k.pem")]
    public void APemMayHaveItsPassphraseInAFile(string text) =>
        Assert.Equal(new KeySpec.Pem("/k.pem", new SecretInput.FromFile("/pw")), Parse(text));

    [Fact]
    public void APassphraseMayComeFromTheSystem()
    {
        Assert.Equal(new KeySpec.Passphrase(new SecretInput.Credential("disk")), Parse("passphrase:credential=disk"));
        Assert.Equal(new KeySpec.Pem("/k.pem", new SecretInput.Credential("disk")), Parse("pem:keyfile=/k.pem:credential=disk"));
        Assert.Equal(new KeySpec.Passphrase(new SecretInput.Agent()), Parse("passphrase:ask-password"));
    }

    [Fact]
    public void AKeyringKeyMayBeNamed()
    {
        Assert.Equal(new KeySpec.Keyring(null), Parse("keyring"));
        Assert.True(Signature.TryParse("0123456789abcdef", out Signature signature));
        Assert.Equal(new KeySpec.Keyring(signature), Parse("keyring:0123456789abcdef"));
    }

    [Theory]
    [InlineData("", "key '' is unknown: use passphrase, openssl, recovery or keyring")]
    [InlineData("tpm", "key 'tpm' is unknown: use passphrase, openssl, recovery or keyring")]
    [InlineData("passphrase:", "key 'passphrase' has no option '': use passfile=FILE, passfd=N or credential=NAME")]
    [InlineData("passphrase:salt=12", "key 'passphrase' has no option 'salt': use passfile=FILE, passfd=N or credential=NAME")]
    [InlineData("passphrase:passfile", "key 'passphrase': option passfile needs a value")]
    [InlineData("passphrase:passfile=", "key 'passphrase': option passfile needs a value")]
    [InlineData("passphrase:credential=../etc/shadow", "key 'passphrase': option credential needs the name of a credential, which has no slash")]
    [InlineData("passphrase:credential=", "key 'passphrase': option credential needs the name of a credential, which has no slash")]
    [InlineData("passphrase:ask-password=now", "key 'passphrase' has no option 'ask-password': use passfile=FILE, passfd=N or credential=NAME")]
    [InlineData("passphrase:passfd=-1", "key 'passphrase': option passfd needs a value")]
    [InlineData("passphrase:passfd=99999999999", "key 'passphrase': option passfd needs a value")]
    [InlineData("passphrase:passfile=a:passfd=1", "key 'passphrase' takes its passphrase from one place, not 2")]
    [InlineData("openssl", "key 'openssl' needs the PEM file: openssl:keyfile=FILE")]
    [InlineData("pem:keyfile=", "key 'pem' needs the PEM file: pem:keyfile=FILE")]
    [InlineData("keyring:xyz", "key 'keyring' takes one signature of 16 hexadecimal digits: keyring:SIG")]
    public void WhatIsUnknownIsNamed(string text, string message)
    {
        Assert.False(KeySpec.TryParse(text, out KeySpec? spec, out string? error));
        Assert.Null(spec);
        Assert.Equal(message, error);
    }

    [Fact]
    public void MessagesNeverRepeatAPassphrase()
    {
        foreach (string text in (string[])["passphrase:passwd=hunter2:x", "openssl:passwd=hunter2", "passphrase:pass=hunter2"])
        {
            Assert.False(KeySpec.TryParse(text, out _, out string? error));
            Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
        }
    }

    private static KeySpec Parse(string text)
    {
        Assert.True(KeySpec.TryParse(text, out KeySpec? spec, out string? error), error);
        return spec!;
    }
}
