using StackFs.Content;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Properties.Content;

/// <summary>Writes that the extent lock lets run side by side on one file.</summary>
public sealed class SideBySideWriteTests
{
    [Fact]
    public void A_write_inside_the_file_does_not_take_back_the_size_another_gave_it()
    {
        HeldFile lower = new();
        using TestVolume volume = new();
        using ContentScratch first = new(8), second = new(8);
        Assert.Equal(Errno.None, volume.Open(lower, new OpenFileOptions(), out OpenFile? opened));
        using OpenFile file = opened!;
        byte[] old = Bytes(5 * ExtentLayout.ExtentSize, 1), inside = Bytes(100, 2), appended = Bytes(300, 3);
        Write(file, 0, old, first);

        // The inner write stands in its lower write while the file grows.
        lower.HoldAt = ExtentLayout.LowerStart(1);
        Thread inner = new(() => Write(file, ExtentLayout.ExtentSize, inside, second));
        inner.Start();
        Assert.True(lower.Held.Wait(TimeSpan.FromSeconds(10)));
        Write(file, old.Length, appended, first);
        lower.Continue.Set();
        Assert.True(inner.Join(TimeSpan.FromSeconds(10)));

        Assert.Equal(old.Length + appended.Length, file.Size);
        byte[] found = new byte[old.Length + appended.Length];
        Assert.Equal(Errno.None, file.Read(0, found, first, out int count));
        Assert.Equal(found.Length, count);
        inside.CopyTo(old, ExtentLayout.ExtentSize);
        Assert.Equal([.. old, .. appended], found);
    }

    private static void Write(OpenFile file, long offset, byte[] data, ContentScratch scratch)
    {
        Assert.Equal(Errno.None, file.Write(offset, data, scratch, out int count));
        Assert.Equal(data.Length, count);
    }

    private static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A file whose write at one place waits until it is told to go on.</summary>
    private sealed class HeldFile : ModelFile
    {
        public ManualResetEventSlim Held { get; } = new();

        public ManualResetEventSlim Continue { get; } = new();

        public long HoldAt { get; set; } = -1;

        public override Errno Write(long lowerOffset, ReadOnlySpan<byte> data, out int count)
        {
            if (lowerOffset == HoldAt)
            {
                Held.Set();
                Assert.True(Continue.Wait(TimeSpan.FromSeconds(10)));
            }

            return base.Write(lowerOffset, data, out count);
        }
    }
}
