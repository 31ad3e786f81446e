using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;
using Xunit.Abstractions;

namespace StackFs.Tests.Mounted;

/// <summary>What the serving process keeps for a big tree stays small: memory, and descriptors.</summary>
public sealed class MemoryTests(ITestOutputHelper output)
{
    private const long Limit = 150L << 20;
    private const int PerDirectory = 200;

    [StackFsFact]
    public void Walking_20000_files_stays_in_bounds() => Walk(20_000);

    [LongFact]
    public void Walking_200000_files_stays_in_bounds() => Walk(200_000);

    [StackFsFact]
    public void Rewriting_one_file_again_and_again_does_not_grow()
    {
        using TestMount mount = TestMount.Create();
        Deadline.Run(mount, TimeSpan.FromMinutes(2), () =>
        {
            byte[] data = new byte[1 << 20];
            long early = 0;
            for (int i = 0; i < 300; i++)
            {
                int fd = Sys.Open($"{mount.Upper}/f{i % 3}", Sys.O_RDWR | Sys.O_CREAT | Sys.O_TRUNC).Count;
                Assert.Equal(data.Length, Sys.Pwrite(fd, data, 0).Value);
                Sys.Close(fd);
                early = i == 100 ? mount.ResidentBytes() : early;
            }

            long late = mount.ResidentBytes();
            output.WriteLine($"{early >> 20} MiB after 100, {late >> 20} MiB after 300, {mount.Descriptors()} descriptors");
            Assert.True(late < early + (20 << 20), $"{early >> 20} MiB after 100 rounds, {late >> 20} MiB after 300");
            Assert.True(mount.Descriptors() < 200, $"{mount.Descriptors()} descriptors with nothing open");
        });
    }

    private void Walk(int files)
    {
        using TestMount mount = TestMount.Create();
        Deadline.Run(mount, TimeSpan.FromMinutes(10), () =>
        {
            for (int i = 0; i < files; i++)
            {
                string directory = $"{mount.Upper}/d{i / PerDirectory}";
                if (i % PerDirectory == 0)
                {
                    Assert.Equal("ok", Sys.Mkdir(directory).Name);
                }

                Assert.Equal("ok", Sys.Mknod($"{directory}/file{i}", Sys.S_IFREG | 0x1A4).Name);
            }

            // A fresh process, and every inode remembered by the kernel at once.
            mount.Remount();
            int seen = 0;
            foreach (string directory in Sys.Names(mount.Upper))
            {
                foreach (string name in Sys.Names($"{mount.Upper}/{directory}"))
                {
                    Assert.Equal("ok", Sys.Lstat($"{mount.Upper}/{directory}/{name}", out _).Name);
                    seen++;
                }
            }

            Assert.Equal(files, seen);
            output.WriteLine($"{files} files: {mount.ResidentBytes() >> 20} MiB resident, {mount.Descriptors()} descriptors");
            Assert.True(mount.ResidentBytes() < Limit, $"{mount.ResidentBytes() >> 20} MiB resident");
            Assert.True(mount.Descriptors() < 2500, $"{mount.Descriptors()} descriptors");
        });
    }
}
