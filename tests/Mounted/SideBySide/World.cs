using System.Globalization;
using System.Security.Cryptography;
using StackFs.Tests.Common;
using static StackFs.Tests.Common.Sys;

namespace StackFs.Tests.Mounted.SideBySide;

/// <summary>A directory and some open descriptors; does each operation and says what came of it.</summary>
internal sealed class World : IDisposable
{
    public const int Slots = 5;

    /// <summary>All the names there are: few, so that operations meet; two need a side file.</summary>
    public static readonly string[] Paths =
    [
        "a", "b", "c", "d", "d/a", "d/b", "d/e", "d/e/a", "f", "f/a", "f/" + new string('n', 230), new string('m', 255), "d/e/g", "f/d",
    ];

    public static readonly int[] OpenFlags =
    [
        O_RDWR, O_RDWR, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_RDONLY, O_WRONLY, O_WRONLY | O_APPEND, O_RDWR | O_CREAT | O_EXCL,
        O_RDWR | O_TRUNC, O_RDWR | O_CREAT | O_TRUNC, O_RDWR | O_SYNC, O_RDONLY | O_NOFOLLOW,
    ];

    public static readonly int[] AllocateModes =
    [
        0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
    ];

    private readonly int[] _slots = new int[Slots];
    private readonly string _root;

    public World(string root)
    {
        _root = root;
        Array.Fill(_slots, -1);
        Result made = Sys.Mkdir(root);
        Assert.True(made.Ok, $"mkdir {root}: {made}");
    }

    /// <summary>The answer of <paramref name="operation"/>: equal in two worlds that went through the same.</summary>
    public string Do(Operation operation)
    {
        (Verb verb, int a, int b, int c, int d) = operation;
        switch (verb)
        {
            case Verb.Create:
                Result created = Sys.Open(Path(a), O_CREAT | O_EXCL | O_WRONLY, b | 0x180);
                return Closed(created);
            case Verb.Mkdir:
                return Sys.Mkdir(Path(a), b | 0x1C0).Name;
            case Verb.Symlink:
                return Sys.Symlink(Target(b), Path(a)).Name;
            case Verb.Mkfifo:
                return Mknod(Path(a), S_IFIFO | 0x1A4).Name;
            case Verb.Unlink:
                return Sys.Unlink(Path(a)).Name;
            case Verb.Rmdir:
                return Sys.Rmdir(Path(a)).Name;
            case Verb.Rename:
                return c == 0 ? Sys.Rename(Path(a), Path(b)).Name : Sys.Rename(Path(a), Path(b), (uint)c).Name;
            case Verb.Link:
                return Sys.Link(Path(a), Path(b)).Name;
            case Verb.Open:
                return Open(a, b, OpenFlags[c]);
            case Verb.Close:
                return Close(a);
            case Verb.Write:
                return Pwrite(_slots[a], Bytes(c, d), b).ToString();
            case Verb.Read:
                byte[] buffer = new byte[c];
                Result read = Pread(_slots[a], buffer, b);
                return read.Ok ? $"{read} {Hash(buffer.AsSpan(0, read.Count))}" : read.Name;
            case Verb.Ftruncate:
                return Sys.Ftruncate(_slots[a], b).Name;
            case Verb.Truncate:
                return IsFifo(Path(a)) ? "fifo" : Sys.Truncate(Path(a), b).Name;
            case Verb.Fallocate:
                return Sys.Fallocate(_slots[a], AllocateModes[b], c, d).Name;
            case Verb.Copy:
                return CopyFileRange(_slots[a], c, _slots[b], c, d).ToString();
            case Verb.MapWrite:
                return MapWrite(_slots[a], b, c, d);
            case Verb.Fsync:
                return Sys.Fsync(_slots[a]).Name;
            case Verb.Chmod:
                return Sys.Chmod(Path(a), b | 0x180).Name;
            case Verb.Chown:
                return Lchown(Path(a), b, b + 1).Name;
            case Verb.Utimens:
                return Sys.Utimens(Path(a), (b, b), (b + 1, b + 2), follow: false).Name;
            case Verb.Stat:
                return Sys.Lstat(Path(a), out FileStatus status) is { Ok: false } failed ? failed.Name : Snapshot.Describe(status);
            case Verb.Fstat:
                return Sys.Fstat(_slots[a], out FileStatus open) is { Ok: false } wrong ? wrong.Name : Snapshot.Describe(open);
            case Verb.SetXattr:
                return Sys.SetXattr(Path(a), Attribute(b), Bytes(c, b)).Name;
            case Verb.RemoveXattr:
                return Sys.RemoveXattr(Path(a), Attribute(b)).Name;
            case Verb.List:
                Result listed = Sys.Open(Path(a), O_RDONLY | O_DIRECTORY);
                string answer = listed.Ok ? string.Join(',', Names(Path(a))) : listed.Name;
                return answer + Closed(listed);
            case Verb.Remount:
                CloseAll();
                return "";
            default:
                throw new InvalidOperationException($"{verb} is not done");
        }
    }

    /// <summary>Everything that can be seen of the tree, one line each.</summary>
    public string[] Look() => Snapshot.Of(_root);

    public void Dispose() => CloseAll();

    private string Open(int slot, int path, int flags)
    {
        // A FIFO would wait for its other end.
        if (IsFifo(Path(path)))
        {
            return "fifo";
        }

        Close(slot);
        Result opened = Sys.Open(Path(path), flags);
        if (!opened.Ok)
        {
            return opened.Name;
        }

        Sys.Fstat(opened.Count, out FileStatus status);
        _slots[slot] = opened.Count;
        return status.Kind.ToString();
    }

    private string Close(int slot)
    {
        int fd = _slots[slot];
        _slots[slot] = -1;
        return fd < 0 ? "" : Sys.Close(fd).Name;
    }

    private void CloseAll()
    {
        for (int i = 0; i < Slots; i++)
        {
            Close(i);
        }
    }

    private static unsafe string MapWrite(int fd, int offset, int length, int seed)
    {
        Result result = Sys.Fstat(fd, out FileStatus status);
        if (!result.Ok || status.Kind != 'f' || offset + length > status.Size)
        {
            return "outside";
        }

        int mapped = offset + length;
        Result map = Mmap(fd, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
        if (!map.Ok)
        {
            return map.Name;
        }

        Bytes(length, seed).CopyTo(new Span<byte>((void*)((nint)map.Value + offset), length));
        return Munmap((nint)map.Value, mapped).Name;
    }

    private static string Closed(Result opened)
    {
        if (opened.Ok)
        {
            Sys.Close(opened.Count);
        }

        return opened.Name;
    }

    private static bool IsFifo(string path) => Sys.Stat(path, out FileStatus status).Ok && status.Kind == 'p';

    private string Path(int index) => _root + "/" + Paths[index];

    // Relative, so that it leads to the same place in both worlds; odd ones are longer than a directory entry holds.
    private static string Target(int index) => index % 3 == 2
        ? string.Concat(Enumerable.Repeat("./", 900 + (index * 100))) + Paths[index]
        : Paths[index];

    private static string Attribute(int index) => index == 3 ? "user." + new string('x', 100) : $"user.attribute{index}";

    private static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static string Hash(ReadOnlySpan<byte> bytes) =>
        BitConverter.ToUInt64(SHA256.HashData(bytes)).ToString("x16", CultureInfo.InvariantCulture);
}
