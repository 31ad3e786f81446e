using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Sharing;

/// <summary>A lock of an open file on all of it (F_OFD_SETLKW), until it is closed.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly int _fd;

    private FileLock(int fd) => _fd = fd;

    public static FileLock Take(string path)
    {
        Result opened = Sys.Open(path, Sys.O_RDWR);
        Assert.True(opened.Ok, opened.ToString());
        short type = 1;
        Result locked = Sys.Lock((int)opened.Value, Sys.F_OFD_SETLKW, ref type, 0, 0);
        Assert.True(locked.Ok, locked.ToString());
        return new FileLock((int)opened.Value);
    }

    public void Dispose() => Assert.True(Sys.Close(_fd).Ok);
}
