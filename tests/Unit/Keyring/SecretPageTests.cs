using Mono.Unix.Native;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using Errno = StackFs.Keyring.Interop.Errno;

namespace StackFs.Tests.Unit.Keyring;

public sealed class SecretPageTests
{
    [Theory]
    [InlineData(SecretMemoryKind.MemFdSecret)]
    [InlineData(SecretMemoryKind.Locked)]
    public void APageIsSharedThroughItsDescriptorAndWipedForAll(SecretMemoryKind kind)
    {
        if (kind == SecretMemoryKind.MemFdSecret && SecretMemory.Kind != kind)
        {
            return; // Not offered by this kernel: the other row is what runs here.
        }

        SecretPage page = SecretPage.Create(kind);
        "the key"u8.CopyTo(page.UnsafeBytes);
        using SecretPage? other = SecretPage.TryOpen(Duplicate(page.Memory), wipes: false);
        Assert.True(other!.UnsafeBytes.StartsWith("the key"u8));
        page.Dispose();
        Assert.Equal(-1, other.UnsafeBytes.IndexOfAnyExcept((byte)0));
        Assert.Throws<ObjectDisposedException>(() => page.UnsafeBytes.Length);
    }

    [Fact]
    public void OnlyMemoryOfAFixedLengthIsMapped()
    {
        Assert.Equal(Errno.None, Posix.MemFdCreate(out SafeFd unsealed));
        Assert.Equal(Errno.None, Posix.SetLength(unsealed, SecretPage.Length));
        Assert.Null(SecretPage.TryOpen(unsealed, wipes: false));

        Assert.Equal(Errno.None, Posix.MemFdCreate(out SafeFd tooShort));
        Assert.Equal(Errno.None, Posix.SetLength(tooShort, SecretPage.Length - 1));
        Assert.Equal(Errno.None, Posix.SealLength(tooShort));
        Assert.Null(SecretPage.TryOpen(tooShort, wipes: false));

        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, new byte[SecretPage.Length]);
        Assert.Equal(Errno.None, Posix.OpenForReading(path, out SafeFd file));
        Assert.Null(SecretPage.TryOpen(file, wipes: false));
        File.Delete(path);

        Assert.Equal(0, Syscall.pipe(out int reading, out int writing));
        Assert.Null(SecretPage.TryOpen(new SafeFd(reading), wipes: false));
        new SafeFd(writing).Dispose();
        Assert.Null(SecretPage.TryOpen(new SafeFd(-1), wipes: false));
    }

    [Theory]
    [InlineData(SecretMemoryKind.MemFdSecret)]
    [InlineData(SecretMemoryKind.Locked)]
    public void ThePageOfAPeerCannotBeCutOff(SecretMemoryKind kind)
    {
        if (kind == SecretMemoryKind.MemFdSecret && SecretMemory.Kind != kind)
        {
            return; // Not offered by this kernel: the other row is what runs here.
        }

        using SecretPage page = SecretPage.Create(kind);
        Assert.NotEqual(Errno.None, Posix.SetLength(page.Memory, 0));
        page.UnsafeBytes[0] = 1;
    }

    private static SafeFd Duplicate(SafeFd fd)
    {
        Assert.Equal(Errno.None, Posix.DuplicatePrivate(fd.Number, out SafeFd copy));
        return copy;
    }
}
