using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Keys;

/// <summary>A small lower filesystem in memory, of a test's own.</summary>
internal sealed class TemporaryFilesystem : IDisposable
{
    /// <summary>A tmpfs with options.</summary>
    public TemporaryFilesystem(string options)
    {
        Path = Directory.CreateTempSubdirectory("stackfs-test-disk-").FullName;
        Sys.Chmod(Path, 0x1ED);
        Assert.Equal("ok", Sys.Mount("none", Path, "tmpfs", 0, options).Name);
    }

    public string Path { get; }

    public void Dispose()
    {
        Sys.Umount(Path, Sys.MNT_DETACH);
        Directory.Delete(Path);
    }
}
