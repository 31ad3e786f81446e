using System.Text;
using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Tests.Common;

namespace StackFs.Tests.Properties.Content;

/// <summary>Reading and writing a real lower file allocates nothing, whatever is at the edges.</summary>
public sealed class AllocationTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly TestVolume _volume = new(ContentScratch.DefaultRunPages);

    public void Dispose()
    {
        _volume.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void ReadingAndWritingAllocateNothing()
    {
        File.WriteAllBytes(_path, []);
        Assert.Equal(Errno.None, Libc.OpenPath(Encoding.UTF8.GetBytes(_path), OpenFlags.ReadWrite, out SafeFd? fd));
        Assert.Equal(Errno.None, _volume.Open(new DescriptorFile(fd!), new OpenFileOptions(), out OpenFile? file));
        using (file)
        {
            byte[] buffer = new byte[1 << 20];
            Assert.Equal(0, Allocations.Of(() => Work(file!, buffer)));
        }
    }

    private void Work(OpenFile file, byte[] buffer)
    {
        bool ok = true;
        for (int i = 0; i < 8; i++)
        {
            ok &= file.Write(i * 4096L, buffer.AsSpan(0, 4096), _volume.Scratch, out _) == Errno.None;
            ok &= file.Write((1 << 20) + (i * 131_072L), buffer.AsSpan(0, 131_072), _volume.Scratch, out _) == Errno.None;
            ok &= file.Read(i * 4096L, buffer, _volume.Scratch, out _) == Errno.None;
            ok &= file.Write(file.Size, buffer.AsSpan(0, 100), _volume.Scratch, out _) == Errno.None;
            ok &= file.Seal(_volume.Scratch) == Errno.None;
            ok &= file.Read(777, buffer.AsSpan(0, 10), _volume.Scratch, out _) == Errno.None;
        }

        Assert.True(ok);
    }
}
