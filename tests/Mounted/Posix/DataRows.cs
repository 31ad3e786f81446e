using StackFs.Tests.Common;
using static StackFs.Tests.Common.Sys;

namespace StackFs.Tests.Mounted.Posix;

/// <summary>Reading, writing, sizes, holes and copies.</summary>
internal static class DataRows
{
    // Around the extent, the page, the lower page and the request.
    private static readonly int[] Edges = [1, 4063, 4064, 4065, 4095, 4096, 4097, 8128, 12191, 131072, 1048576];

    public static IEnumerable<Row> All =>
    [
        .. Edges.Select(n => new Row($"write and read {n} bytes", $"{n} {n} True", s =>
        {
            byte[] data = Scene.Pattern(n);
            s.Put("f", data);
            byte[] back = new byte[n + 10];
            Result read = Pread(s.Open("f", O_RDONLY), back, 0);
            return $"{s.Size("f")} {read} {back.AsSpan(0, n).SequenceEqual(data)}";
        })),
        .. Edges.Select(n => new Row($"overwrite two bytes across offset {n}", "True", s =>
        {
            byte[] data = Scene.Pattern(n + 5000);
            s.Put("f", data);
            int fd = s.Open("f", O_RDWR);
            Pwrite(fd, [1, 2], n - 1);
            data[n - 1] = 1;
            data[n] = 2;
            s.Close(fd);
            return $"{Equal(s, "f", data)}";
        })),
        .. Edges.Select(n => new Row($"truncate to {n} and grow again shows zeros", $"{n} {n + 6000} True", s =>
        {
            byte[] data = Scene.Pattern(n + 3000);
            s.Put("f", data);
            Truncate(s["f"], n);
            string size = s.Size("f");
            Truncate(s["f"], n + 6000);
            Array.Resize(ref data, n);
            Array.Resize(ref data, n + 6000);
            return $"{size} {s.Size("f")} {Equal(s, "f", data)}";
        })),
        .. Edges.Select(n => new Row($"write past the end after {n} bytes leaves zeros between", $"{n + 9001} True", s =>
        {
            byte[] data = Scene.Pattern(n);
            s.Put("f", data);
            int fd = s.Open("f", O_RDWR);
            Pwrite(fd, [7], n + 9000);
            s.Close(fd);
            Array.Resize(ref data, n + 9001);
            data[^1] = 7;
            return $"{s.Size("f")} {Equal(s, "f", data)}";
        })),
        new("read at and past the end", "0 0 2", s =>
        {
            s.Put("f", "12345");
            int fd = s.Open("f", O_RDONLY);
            return $"{Pread(fd, new byte[4], 5)} {Pread(fd, new byte[4], 500)} {Pread(fd, new byte[4], 3)}";
        }),
        new("size is right at once for an open writer", "3 10000", s =>
        {
            int fd = s.Open("f");
            Scene.Write(fd, "abc", 0);
            Fstat(fd, out FileStatus first);
            Ftruncate(fd, 10000);
            return $"{first.Size} {s.Size("f")}";
        }),
        new("ftruncate of a descriptor opened for reading", "EINVAL", s => { s.Put("f", "x"); return Ftruncate(s.Open("f", O_RDONLY), 0).Name; }),
        new("truncate to a negative size", "EINVAL", s => { s.Put("f", "x"); return Truncate(s["f"], -1).Name; }),
        new("truncate of a directory", "EISDIR", s => { Mkdir(s["d"]); return Truncate(s["d"], 0).Name; }),
        new("truncate while unlinked and open", "3 abc", s =>
        {
            s.Put("f", "abcdef");
            int fd = s.Open("f", O_RDWR);
            Unlink(s["f"]);
            Ftruncate(fd, 3);
            Fstat(fd, out FileStatus status);
            return $"{status.Size} {Scene.Get(fd)}";
        }),
        new("sparse file of 5 GiB", "5368709121 0 1", s =>
        {
            int fd = s.Open("f");
            Pwrite(fd, [1], 5L << 30);
            byte[] b = [9], c = [9];
            Pread(fd, b, 3L << 30);
            Pread(fd, c, 5L << 30);
            return $"{s.Size("f")} {b[0]} {c[0]}";
        }),
        new("unlink while open keeps the data", "abc 0", s =>
        {
            s.Put("f", "abc");
            int fd = s.Open("f", O_RDWR);
            Unlink(s["f"]);
            Fstat(fd, out FileStatus status);
            return $"{Scene.Get(fd)} {status.Links}";
        }),
        new("write, fsync, fchmod and futimens on an unlinked open file", "ok ok ok ok 600 9.000000005", s =>
        {
            int fd = s.Open("f");
            Unlink(s["f"]);
            string done = $"{Scene.Write(fd, "abc", 0).Name} {Fsync(fd).Name} {Fchmod(fd, 0x180).Name} {Futimens(fd, (8, 1), (9, 5)).Name}";
            Fstat(fd, out FileStatus status);
            return $"{done} {Convert.ToString(status.Permissions, 8)} {status.Modification}";
        }),
        new("fsync and fdatasync", "ok ok ok", s =>
        {
            int fd = s.Open("f");
            Scene.Write(fd, "abc", 0);
            return $"{Fsync(fd).Name} {Fdatasync(fd).Name} {Syncfs(fd).Name}";
        }),
        new("fsync of a directory and of a read-only descriptor", "ok ok", s =>
        {
            s.Put("f", "x");
            return $"{Fsync(s.Open(".", O_RDONLY | O_DIRECTORY)).Name} {Fsync(s.Open("f", O_RDONLY)).Name}";
        }),
        new("SEEK_DATA and SEEK_HOLE at the ends", "0 5 ENXIO ENXIO", s =>
        {
            s.Put("f", "12345");
            int fd = s.Open("f", O_RDONLY);
            return $"{Lseek(fd, 0, SEEK_DATA)} {Lseek(fd, 0, SEEK_HOLE)} {Lseek(fd, 5, SEEK_DATA)} {Lseek(fd, 9, SEEK_HOLE)}";
        }),
        new("SEEK_DATA and SEEK_HOLE see what was just written", "0 100000 ENXIO", s =>
        {
            int fd = s.Open("f", O_CREAT | O_RDWR, 0x1A4);
            Pwrite(fd, Scene.Pattern(100_000), 0);
            return $"{Lseek(fd, 0, SEEK_DATA)} {Lseek(fd, 0, SEEK_HOLE)} {Lseek(fd, 100_000, SEEK_DATA)}";
        }),
        new("copy_file_range copies zeros before what was just written", "5000 True", s =>
        {
            int fd = s.Open("a", O_CREAT | O_RDWR, 0x1A4);
            Pwrite(fd, [1], 1_000_000);
            Result copied = CopyFileRange(fd, 0, s.Open("b", O_CREAT | O_RDWR, 0x1A4), 0, 5000);
            return $"{copied} {Equal(s, "b", new byte[5000])}";
        }),
        new("SEEK_DATA finds data behind a hole of a mebibyte", "True True", s =>
        {
            int fd = s.Open("f");
            Pwrite(fd, Scene.Pattern(5000), 1 << 20);
            Fsync(fd);
            long data = Lseek(fd, 0, SEEK_DATA).Value, hole = Lseek(fd, 1 << 20, SEEK_HOLE).Value;
            return $"{data is > 1000000 and <= 1 << 20} {hole >= (1 << 20) + 5000}";
        }),
        new("SEEK_DATA behind a hole finds the page that was written", "40960 40960 40960 40966 ENXIO", s =>
        {
            int fd = s.Open("f");
            Ftruncate(fd, 90112);
            Scene.Write(fd, "before", 0);
            Scene.Write(fd, "behind", 40960);
            Fsync(fd);
            return $"{Lseek(fd, 4096, SEEK_DATA)} {Lseek(fd, 8192, SEEK_DATA)} {Lseek(fd, 40959, SEEK_DATA)} {Lseek(fd, 40966, SEEK_DATA)} {Lseek(fd, 90112, SEEK_DATA).Name}";
        }),
        new("lseek from the end of a just written file", "12 9", s =>
        {
            int fd = s.Open("f");
            Scene.Write(fd, "hello, world", 0);
            return $"{Lseek(fd, 0, SEEK_END)} {Lseek(fd, -3, SEEK_END)}";
        }),
        new("copy_file_range", "9000 True", s => Copy(s, 10, 20, 9000)),
        new("copy_file_range of whole pages", "8192 True", s => Copy(s, 0, 0, 8192)),
        new("copy_file_range past the end of the source is short", "3", s =>
        {
            s.Put("a", "12345");
            return CopyFileRange(s.Open("a", O_RDONLY), 2, s.Open("b"), 0, 100).ToString();
        }),
        new("copy_file_range over itself", "EINVAL", s =>
        {
            s.Put("a", "12345");
            int fd = s.Open("a", O_RDWR);
            return CopyFileRange(fd, 0, fd, 2, 3).Name;
        }),
        new("fallocate grows with zeros", "ok 10000 True", s =>
        {
            s.Put("f", "abc");
            int fd = s.Open("f", O_RDWR);
            string done = Fallocate(fd, 0, 0, 10000).Name;
            byte[] expected = new byte[10000];
            "abc"u8.CopyTo(expected);
            return $"{done} {s.Size("f")} {Equal(s, "f", expected)}";
        }),
        new("fallocate that keeps the size", "ok 3 abc", s =>
        {
            s.Put("f", "abc");
            return $"{Fallocate(s.Open("f", O_RDWR), FALLOC_FL_KEEP_SIZE, 0, 100000).Name} {s.Size("f")} {s.Get("f")}";
        }),
        .. new[] { (0, 4096), (1, 4063), (4064, 4064), (5000, 20000), (100, 50), (40000, 30000) }.Select(r => new Row(
            $"punch a hole of {r.Item2} at {r.Item1}", "ok 50000 True", s => Zero(s, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, r.Item1, r.Item2))),
        new("zero a range inside", "ok 50000 True", s => Zero(s, FALLOC_FL_ZERO_RANGE, 5001, 12345)),
        new("zero a range past the end grows", "ok 60000", s =>
        {
            s.Put("f", Scene.Pattern(50000));
            return $"{Fallocate(s.Open("f", O_RDWR), FALLOC_FL_ZERO_RANGE, 45000, 15000).Name} {s.Size("f")}";
        }),
        new("collapse a range", "ok", s =>
        {
            s.Put("f", Scene.Pattern(50000));
            return Fallocate(s.Open("f", O_RDWR), FALLOC_FL_COLLAPSE_RANGE, 4096, 4096).Name;
        })
        { ExpectedThroughFuse = "EOPNOTSUPP" },
        new("fallocate of nothing", "EINVAL", s => Fallocate(s.Open("f"), 0, 0, 0).Name),
        new("fallocate of a descriptor opened for reading", "EBADF", s => { s.Put("f", ""); return Fallocate(s.Open("f", O_RDONLY), 0, 0, 1).Name; }),
    ];

    private static bool Equal(Scene s, string name, byte[] expected)
    {
        int fd = s.Open(name, O_RDONLY);
        byte[] back = new byte[expected.Length + 1];
        int done = 0;
        for (Result read; (read = Pread(fd, back.AsSpan(done), done)).Value > 0;)
        {
            done += read.Count;
        }

        return done == expected.Length && back.AsSpan(0, done).SequenceEqual(expected);
    }

    private static string Copy(Scene s, int from, int to, int length)
    {
        byte[] a = Scene.Pattern(20000, 1), b = Scene.Pattern(15000, 2);
        s.Put("a", a);
        s.Put("b", b);
        Result copied = CopyFileRange(s.Open("a", O_RDONLY), from, s.Open("b", O_RDWR), to, length);
        a.AsSpan(from, length).CopyTo(b.AsSpan(to));
        return $"{copied} {Equal(s, "b", b)}";
    }

    private static string Zero(Scene s, int mode, int offset, int length)
    {
        byte[] data = Scene.Pattern(50000);
        s.Put("f", data);
        string done = Fallocate(s.Open("f", O_RDWR), mode, offset, length).Name;
        data.AsSpan(offset, Math.Min(length, data.Length - offset)).Clear();
        return $"{done} {s.Size("f")} {Equal(s, "f", data)}";
    }
}
