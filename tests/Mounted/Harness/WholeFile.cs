using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Harness;

/// <summary>A file as a program reads it, without the locks that .NET's own streams take.</summary>
internal static class WholeFile
{
    /// <summary>Reads to the size that fstat(2) tells; an error or an early end fails the test.</summary>
    public static byte[] Read(string path)
    {
        int fd = Sys.Open(path, Sys.O_RDONLY).Count;
        Sys.Fstat(fd, out FileStatus status);
        byte[] data = new byte[status.Size];
        for (int done = 0; done < data.Length;)
        {
            Result read = Sys.Pread(fd, data.AsSpan(done), done);
            Assert.True(read is { Ok: true, Value: > 0 }, $"{path}: read at {done} answered {read}");
            done += read.Count;
        }

        Sys.Close(fd);
        return data;
    }
}
