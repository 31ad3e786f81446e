using System.Security.Cryptography;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Faults;

/// <summary>
/// Lower files changed by somebody else while nothing is mounted: each change gives the errno of FORMAT.md section 6,
/// concerns what was changed alone, and nothing below is written because of it.
/// </summary>
public sealed class DamageTests : IDisposable
{
    private const int Page = 4096;
    private const int Extent = 4064;
    private const int Size = (10 * Extent) + 100;

    private readonly TestMount _mount = TestMount.Create();
    private readonly byte[] _content = Content(1);
    private readonly string _victim;

    public DamageTests()
    {
        Put("bystander", Content(2));
        string[] before = _mount.LowerFiles();
        Put("victim", _content);
        _victim = Assert.Single(_mount.LowerFiles().Except(before));
        _mount.Unmount();
    }

    public void Dispose() => _mount.Dispose();

    [StackFsTheory]
    [InlineData(0, "EIO", "magic")]
    [InlineData(7, "EOPNOTSUPP", "version")]
    [InlineData(8, "EIO", "header length")]
    [InlineData(10, "EOPNOTSUPP", "suite")]
    [InlineData(12, "EIO", "reserved")]
    [InlineData(20, "EIO", "file id")]
    [InlineData(40, "ENOKEY", "volume key id")]
    [InlineData(60, "EIO", "wrapped file key")]
    [InlineData(120, "EIO", "wrapped next file key")]
    [InlineData(240, "EIO", "slots")]
    [InlineData(4070, "EIO", "header MAC")]
    public void A_changed_header_byte_keeps_the_file_shut(int offset, string error, string field)
    {
        Change(_victim, bytes => bytes[offset] ^= 0x40);
        Expect(() => Assert.True(Sys.Open(Upper, Sys.O_RDONLY).Name == error || ReadName() == error, $"{field}: open answered {Sys.Open(Upper, Sys.O_RDONLY)}"));
    }

    [StackFsTheory]
    [InlineData(0)]
    [InlineData(12)]
    [InlineData(14)]
    [InlineData(16)]
    [InlineData(2000)]
    [InlineData(4095)]
    public void A_flipped_bit_in_an_extent_is_an_error_there_and_nowhere_else(int offsetInPage)
    {
        Change(_victim, bytes => bytes[(4 * Page) + offsetInPage] ^= 1);
        Expect(() => OnlyExtentIsBad(3));
    }

    [StackFsFact]
    public void Exchanged_extents_are_errors()
    {
        Change(_victim, bytes =>
        {
            byte[] third = bytes[(3 * Page)..(4 * Page)];
            bytes.AsSpan(4 * Page, Page).CopyTo(bytes.AsSpan(3 * Page));
            third.CopyTo(bytes, 4 * Page);
        });
        Expect(() =>
        {
            Assert.Equal("EIO", ReadAt(2 * Extent));
            Assert.Equal("EIO", ReadAt(3 * Extent));
            Assert.Equal("ok", ReadAt(4 * Extent));
        });
    }

    [StackFsFact]
    public void An_extent_of_another_file_is_an_error()
    {
        string other = _mount.LowerFiles().First(f => f != _victim && new FileInfo(f).Length > Page);
        byte[] foreign = File.ReadAllBytes(other)[(4 * Page)..(5 * Page)];
        Change(_victim, bytes => foreign.CopyTo(bytes, 4 * Page));
        Expect(() => OnlyExtentIsBad(3));
    }

    [StackFsFact]
    public void An_erased_extent_is_an_error_not_zeros()
    {
        Change(_victim, bytes => bytes.AsSpan(4 * Page, Page).Clear());
        Expect(() => OnlyExtentIsBad(3));
    }

    [StackFsFact]
    public void A_file_cut_at_a_page_reads_to_there()
    {
        Resize(_victim, 6 * Page);
        Expect(() => Reads(5 * Extent));
    }

    [StackFsFact]
    public void A_file_cut_inside_a_page_reads_the_whole_pages()
    {
        Resize(_victim, (6 * Page) + 4090);
        Expect(() => Reads(5 * Extent));
    }

    [StackFsFact]
    public void An_unsealed_file_has_its_size_when_open()
    {
        Resize(_victim, 12 * Page);
        Expect(() => Reads(Size));
    }

    [StackFsFact]
    public void Trailing_zero_pages_do_not_exist()
    {
        Resize(_victim, 20 * Page);
        Expect(() => Reads(Size));
    }

    [StackFsFact]
    public void A_file_whose_header_never_reached_the_disk_is_empty()
    {
        Change(_victim, bytes => bytes.AsSpan().Clear());
        Expect(() => Reads(0));
    }

    [StackFsFact]
    public void A_file_with_data_behind_an_erased_header_is_an_error_and_stays_as_it_is()
    {
        Change(_victim, bytes => bytes.AsSpan(0, Page).Clear());
        Expect(() =>
        {
            Assert.Equal("EIO", ReadName());
            Assert.Equal("EIO", TryOverwrite());
        });
    }

    [StackFsFact]
    public void A_damaged_extent_can_be_replaced_by_writing_it_whole()
    {
        Change(_victim, bytes => bytes[(4 * Page) + 100] ^= 1);
        _mount.Mount();
        Deadline.Run(_mount, TimeSpan.FromSeconds(20), () =>
        {
            // Past the page cache, whose pages reach into the neighbours and must be read first.
            int fd = Sys.Open(Upper, Sys.O_RDWR | Sys.O_DIRECT).Count;
            Assert.Equal(Extent, Sys.Pwrite(fd, _content.AsSpan(3 * Extent, Extent), 3 * Extent).Value);
            Assert.Equal("ok", Sys.Fsync(fd).Name);
            Sys.Close(fd);
        });
        _mount.Remount();
        Deadline.Run(_mount, TimeSpan.FromSeconds(20), () => Reads(Size));
    }

    [StackFsFact]
    public void A_damaged_file_can_be_removed_and_renamed()
    {
        Change(_victim, bytes => bytes[0] ^= 1);
        _mount.Mount();
        Assert.Equal("ok", Sys.Rename(Upper, Upper + "2").Name);
        Assert.Equal("ok", Sys.Unlink(Upper + "2").Name);
        Assert.False(File.Exists(_victim));
    }

    [StackFsFact]
    public void A_foreign_file_is_shown_and_removable_but_never_opened()
    {
        File.WriteAllText(_mount.Lower + "/README.txt", "left here by a file manager");
        Expect(() =>
        {
            string path = _mount.Upper + "/README.txt";
            Assert.Contains("README.txt", Sys.Names(_mount.Upper));
            Assert.Equal("ok", Sys.Lstat(path, out _).Name);
            Assert.Equal("EPERM", Sys.Open(path, Sys.O_RDONLY).Name);
            Assert.Equal("EPERM", Sys.Open(path, Sys.O_RDWR).Name);
        });
        Assert.Equal("ok", Sys.Unlink(_mount.Upper + "/README.txt").Name);
        Assert.False(File.Exists(_mount.Lower + "/README.txt"));
    }

    [StackFsFact]
    public void The_configuration_is_neither_shown_nor_reachable()
    {
        _mount.Mount();
        Assert.DoesNotContain(Sys.Names(_mount.Upper), n => n.StartsWith("stackfs.conf", StringComparison.Ordinal));
        Assert.NotEqual("ok", Sys.Open(_mount.Upper + "/stackfs.conf", Sys.O_RDONLY).Name);
        byte[] before = File.ReadAllBytes(_mount.Lower + "/stackfs.conf");
        Result made = Sys.Open(_mount.Upper + "/stackfs.conf", Sys.O_RDWR | Sys.O_CREAT);
        if (made.Ok)
        {
            Sys.Pwrite(made.Count, "x"u8, 0);
            Sys.Close(made.Count);
        }

        Assert.Equal(before, File.ReadAllBytes(_mount.Lower + "/stackfs.conf"));
    }

    private string Upper => _mount.Upper + "/victim";

    /// <summary>Mounts and looks; then no lower file has changed, the bystander reads, and the program complained only if it had to.</summary>
    private void Expect(Action look)
    {
        Dictionary<string, string> before = Hashes();
        _mount.Mount();
        Deadline.Run(_mount, TimeSpan.FromSeconds(20), () =>
        {
            look();
            Assert.Equal("ok", Sys.Lstat(Upper, out _).Name);
            Assert.Equal(Content(2), ReadWhole(_mount.Upper + "/bystander"));
        });
        _mount.Unmount();
        Assert.Equal(before, Hashes());
        _mount.Mount();
    }

    private Dictionary<string, string> Hashes() =>
        Directory.EnumerateFiles(_mount.Lower, "*", SearchOption.AllDirectories).ToDictionary(f => f, f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))));

    private void Reads(int length)
    {
        Assert.Equal(_content[..length], ReadWhole(Upper));
        int fd = Sys.Open(Upper, Sys.O_RDONLY).Count;
        Sys.Fstat(fd, out FileStatus status);
        Sys.Close(fd);
        Assert.Equal(length, status.Size);
    }

    private void OnlyExtentIsBad(int extent)
    {
        for (int i = 0; i < 11; i++)
        {
            Assert.Equal(i == extent ? "EIO" : "ok", ReadAt(i * Extent));
        }
    }

    // Past the kernel's page cache, which reads ahead into the neighbours.
    private string ReadAt(int offset)
    {
        int fd = Sys.Open(Upper, Sys.O_RDONLY | Sys.O_DIRECT).Count;
        byte[] found = new byte[50];
        Result read = Sys.Pread(fd, found, offset);
        Sys.Close(fd);
        return read.Ok && !found.AsSpan().SequenceEqual(_content.AsSpan(offset, 50)) ? "wrong data" : read.Name;
    }

    // The first error of opening, writing and syncing.
    private string TryOverwrite()
    {
        Result opened = Sys.Open(Upper, Sys.O_RDWR);
        if (!opened.Ok)
        {
            return opened.Name;
        }

        Result wrote = Sys.Pwrite(opened.Count, new byte[8192], 0), synced = Sys.Fsync(opened.Count);
        Sys.Close(opened.Count);
        return wrote.Ok ? synced.Name : wrote.Name;
    }

    private string ReadName()
    {
        Result opened = Sys.Open(Upper, Sys.O_RDONLY);
        if (!opened.Ok)
        {
            return opened.Name;
        }

        Result read = Sys.Pread(opened.Count, new byte[10], 0);
        Sys.Close(opened.Count);
        return read.Name;
    }

    private void Put(string name, byte[] data)
    {
        int fd = Sys.Open($"{_mount.Upper}/{name}", Sys.O_WRONLY | Sys.O_CREAT).Count;
        Assert.Equal(data.Length, Sys.Pwrite(fd, data, 0).Value);
        Sys.Close(fd);
    }

    private static byte[] ReadWhole(string path)
    {
        int fd = Sys.Open(path, Sys.O_RDONLY).Count;
        byte[] data = new byte[2 * Size];
        int done = 0;
        Result read;
        while ((read = Sys.Pread(fd, data.AsSpan(done), done)) is { Ok: true, Value: > 0 })
        {
            done += read.Count;
        }

        Sys.Close(fd);
        Assert.True(read.Ok, $"{path}: read at {done} answered {read}");
        return data[..done];
    }

    private static void Change(string lower, Action<byte[]> change)
    {
        byte[] bytes = File.ReadAllBytes(lower);
        change(bytes);
        File.WriteAllBytes(lower, bytes);
    }

    private static void Resize(string lower, long size) => Assert.Equal("ok", Sys.Truncate(lower, size).Name);

    private static byte[] Content(int seed)
    {
        byte[] bytes = new byte[Size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
