using System.IO.Pipes;
using System.Text;
using Mono.Unix.Native;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Sources;
using Errno = StackFs.Keyring.Interop.Errno;

namespace StackFs.Tests.Unit.Keyring;

public sealed class SecretReaderTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("secret", "secret")]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData("  two words \n", "  two words ")]
    [InlineData("p\u00e4ss", "p\u00e4ss")]
    [InlineData("passphrase_passwd=secret\n", "secret")]
    [InlineData("passwd=secret", "secret")]
    [InlineData("passwd=a=b,c\r\n", "a=b,c")]
    [InlineData("passphrase_salt=0011223344556677\npassphrase_passwd=secret\n", "secret")]
    [InlineData("openssl_passwd=secret\n", "secret")]
    [InlineData("passphrase_is_my_passphrase\n", "passphrase_is_my_passphrase")]
    [InlineData("xpasswd=secret", "xpasswd=secret")]
    public void FilesHoldItAloneOrAsAnOption(string content, string expected)
    {
        File.WriteAllText(_path, content);
        SecretReadResult result = SecretReader.FromFile(_path, out SecretBuffer? secret);
        Assert.True(result.IsOk);
        using (secret)
        {
            Assert.Equal(expected, Encoding.UTF8.GetString(Bytes.Reveal(secret!)));
        }
    }

    [Theory]
    [InlineData("", SecretReadStatus.Empty)]
    [InlineData("\n", SecretReadStatus.Empty)]
    [InlineData("passwd=\n", SecretReadStatus.Empty)]
    [InlineData("one\ntwo\n", SecretReadStatus.ManyLines)]
    [InlineData("one\n\n", SecretReadStatus.ManyLines)]
    public void FilesWithoutOnePassphraseAreRefused(string content, SecretReadStatus expected)
    {
        File.WriteAllText(_path, content);
        Assert.Equal(expected, SecretReader.FromFile(_path, out SecretBuffer? secret).Status);
        Assert.Null(secret);
    }

    [Theory]
    [InlineData(1024, SecretReadStatus.Ok)]
    [InlineData(1025, SecretReadStatus.TooLong)]
    [InlineData(4096, SecretReadStatus.TooLong)]
    [InlineData(4097, SecretReadStatus.TooLong)]
    public void LengthIsLimited(int length, SecretReadStatus expected)
    {
        File.WriteAllText(_path, new string('x', length));
        Assert.Equal(expected, SecretReader.FromFile(_path, out SecretBuffer? secret).Status);
        secret?.Dispose();
    }

    [Fact]
    public void AnEndlessFileIsNotReadToItsEnd() =>
        Assert.Equal(SecretReadStatus.TooLong, SecretReader.FromFile("/dev/zero", out _).Status);

    [Theory]
    [InlineData("600", false)]
    [InlineData("400", false)]
    [InlineData("640", true)]
    [InlineData("604", true)]
    public void FilesThatOthersMayReadAreReported(string mode, bool reported)
    {
        File.WriteAllText(_path, "secret");
        Assert.Equal(0, Syscall.chmod(_path, (FilePermissions)Convert.ToUInt32(mode, 8)));
        SecretReadResult result = SecretReader.FromFile(_path, out SecretBuffer? secret);
        secret!.Dispose();
        Assert.Equal(reported, result.ReadableByOthers);
    }

    [Fact]
    public void WhatTheSystemRefusesIsSaid()
    {
        Assert.Equal(Errno.ENOENT, SecretReader.FromFile(_path + ".no", out _).Error);
        Assert.Equal(Errno.EISDIR, SecretReader.FromFile("/tmp", out _).Error);
        Assert.Equal(Errno.EBADF, SecretReader.FromDescriptor(987_654, out _).Error);
    }

    [Fact]
    public void OneDescriptorGivesALineAtATime()
    {
        using AnonymousPipeServerStream server = new(PipeDirection.Out);
        server.Write("first\nsecond\r\nthird"u8);
        int fd = (int)server.ClientSafePipeHandle.DangerousGetHandle();
        Assert.Equal("first", Line(fd));
        Assert.Equal("second", Line(fd)); // The writer still holds the pipe open.
        server.Dispose();
        Assert.Equal("third", Line(fd));
        Assert.Equal(SecretReadStatus.Empty, SecretReader.FromDescriptor(fd, out _).Status);
        server.DisposeLocalCopyOfClientHandle();
    }

    [Fact]
    public void TheTerminalDoesNotEchoAndIsRestored()
    {
        using Pseudoterminal terminal = new();
        using TerminalPrompt prompt = new(new StackFs.Keyring.Interop.SafeFd(
            Syscall.dup(terminal.Slave.Number)));
        SecretReadResult result = default;
        SecretBuffer? secret = null;
        Assert.True(terminal.HasEcho);
        Thread asking = new(() => result = prompt.Read("Passphrase: ", out secret));
        asking.Start();
        Assert.Equal("Passphrase: ", terminal.ReadUntil(": "));
        Assert.False(terminal.HasEcho);
        Assert.Equal(Errno.None, StackFs.Keyring.Interop.Posix.WriteAll(terminal.Master, "hunter3\u007f2\n"u8));
        asking.Join();
        Assert.True(result.IsOk);
        Assert.Equal("hunter2"u8.ToArray(), Bytes.Reveal(secret!)); // The kernel edited the line.
        Assert.Equal("\r\n", terminal.ReadUntil("\n")); // Nothing of the passphrase was shown.
        Assert.True(terminal.HasEcho);
    }

    [Fact]
    public void EndOfFileOnTheTerminalCancels()
    {
        using Pseudoterminal terminal = new();
        using TerminalPrompt prompt = new(new StackFs.Keyring.Interop.SafeFd(
            Syscall.dup(terminal.Slave.Number)));
        SecretReadResult result = default;
        Thread asking = new(() => result = prompt.Read("? ", out _));
        asking.Start();
        terminal.ReadUntil("? ");
        Assert.Equal(Errno.None, StackFs.Keyring.Interop.Posix.WriteAll(terminal.Master, [4]));
        asking.Join();
        Assert.Equal(SecretReadStatus.Cancelled, result.Status);
        Assert.True(terminal.HasEcho);
    }

    private static string Line(int fd)
    {
        Assert.True(SecretReader.FromDescriptor(fd, out SecretBuffer? secret).IsOk);
        using (secret)
        {
            return Encoding.UTF8.GetString(Bytes.Reveal(secret!));
        }
    }
}
