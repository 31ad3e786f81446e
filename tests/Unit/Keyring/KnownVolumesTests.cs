using System.Security.Cryptography;
using Mono.Unix.Native;
using StackFs.Keyring.Volumes;
using Errno = StackFs.Keyring.Interop.Errno;

namespace StackFs.Tests.Unit.Keyring;

public sealed class KnownVolumesTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("stackfs-known-");
    private readonly VolumeKeyId _a = new(RandomNumberGenerator.GetBytes(16));
    private readonly VolumeKeyId _b = new(RandomNumberGenerator.GetBytes(16));

    private string Home => Path.Combine(_root.FullName, "config", "stackfs");

    private string ListPath => Path.Combine(Home, KnownVolumes.FileName);

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void TheFirstUseIsNotKnownAndTheSecondIs()
    {
        Assert.Equal(PinStatus.FirstUse, Read().Check(_a, "/srv/a"));
        Assert.Equal(Errno.None, Read().Add(_a, "/srv/a"));
        Assert.Equal(PinStatus.Known, Read().Check(_a, "/srv/a"));
        Assert.Equal(PinStatus.Known, Read().Check(_a, "/media/moved"));
        Assert.Equal(PinStatus.FirstUse, Read().Check(_b, "/srv/b"));
        Assert.Equal(0, Syscall.stat(ListPath, out Stat status));
        Assert.Equal(Convert.ToUInt32("600", 8), (uint)(status.st_mode & FilePermissions.ALLPERMS));
        Assert.Equal([ListPath], Directory.GetFiles(Home));
    }

    [Fact]
    public void AnotherVolumeInAKnownPlaceIsToldFromAFirstUse()
    {
        Assert.Equal(Errno.None, Read().Add(_a, "/srv/a"));
        Assert.Equal(PinStatus.PlaceHasAnother, Read().Check(_b, "/srv/a"));
        Assert.Equal(Errno.None, Read().Add(_b, "/srv/b"));
        // Known from elsewhere is no excuse: the place is known to be another's.
        Assert.Equal(PinStatus.PlaceHasAnother, Read().Check(_b, "/srv/a"));
        Assert.Equal(Errno.None, Read().Add(_b, "/srv/a"));
        Assert.Equal(PinStatus.Known, Read().Check(_b, "/srv/a"));
    }

    [Theory]
    [InlineData("/with space")]
    [InlineData("/line\nend")]
    [InlineData("/percent%20sign")]
    [InlineData("/\u00fcber/\u20ac")]
    public void AnyPathIsKeptExactly(string place)
    {
        Assert.Equal(Errno.None, Read().Add(_a, place));
        Assert.Equal(PinStatus.PlaceHasAnother, Read().Check(_b, place));
        Assert.Equal(place, Read().List()[_a]);
        Assert.Single(File.ReadAllLines(ListPath));
    }

    [Fact]
    public void RemovingForgetsEveryPlace()
    {
        KnownVolumes volumes = Read();
        Assert.Equal(Errno.None, volumes.Add(_a, "/1"));
        Assert.Equal(Errno.None, volumes.Add(_a, "/2"));
        Assert.Equal(Errno.None, volumes.Remove(_a));
        Assert.Empty(Read().List());
    }

    [Fact]
    public void OtherLinesAreKept()
    {
        Directory.CreateDirectory(Home);
        File.WriteAllText(ListPath, "# mine\nnonsense\n");
        Assert.Equal(0, Syscall.chmod(ListPath, (FilePermissions)Convert.ToUInt32("600", 8)));
        Assert.Equal(Errno.None, Read().Add(_a, "/1"));
        Assert.Equal(["# mine", "nonsense", $"{_a} /1"], File.ReadAllLines(ListPath));
    }

    [Fact]
    public void AListThatOthersMayWriteIsRefused()
    {
        Assert.Equal(Errno.None, Read().Add(_a, "/1"));
        Assert.Equal(0, Syscall.chmod(ListPath, (FilePermissions)Convert.ToUInt32("620", 8)));
        Assert.Equal(Errno.EPERM, KnownVolumes.Read(Home, out KnownVolumes? volumes));
        Assert.Null(volumes);
    }

    [Fact]
    public void AHugeListIsRefused()
    {
        Assert.Equal(Errno.None, Read().Add(_a, "/1"));
        File.AppendAllText(ListPath, new string('#', 1 << 20));
        Assert.Equal(Errno.EFBIG, KnownVolumes.Read(Home, out _));
    }

    private KnownVolumes Read()
    {
        Assert.Equal(Errno.None, KnownVolumes.Read(Home, out KnownVolumes? volumes));
        return volumes!;
    }
}
