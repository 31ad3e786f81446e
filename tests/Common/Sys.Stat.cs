using System.Buffers.Binary;
using System.Text;

namespace StackFs.Tests.Common;

/// <summary>The fields of <c>struct statx</c> that a test compares.</summary>
public sealed record FileStatus(
    int Mode, long Links, uint Uid, uint Gid, ulong Inode, long Size, long Blocks, Instant Access, Instant Modification, Instant Change, ulong Device)
{
    public int Permissions => Mode & 0xFFF;

    public char Kind => (Mode & Sys.S_IFMT) switch
    {
        Sys.S_IFREG => 'f',
        Sys.S_IFDIR => 'd',
        Sys.S_IFLNK => 'l',
        Sys.S_IFIFO => 'p',
        Sys.S_IFSOCK => 's',
        Sys.S_IFCHR => 'c',
        Sys.S_IFBLK => 'b',
        _ => '?',
    };
}

/// <summary>A file time; ordered.</summary>
public readonly record struct Instant(long Seconds, long Nanoseconds) : IComparable<Instant>
{
    public int CompareTo(Instant other) => (Seconds, Nanoseconds).CompareTo((other.Seconds, other.Nanoseconds));
    public static bool operator <(Instant a, Instant b) => a.CompareTo(b) < 0;
    public static bool operator >(Instant a, Instant b) => a.CompareTo(b) > 0;
    public static bool operator <=(Instant a, Instant b) => a.CompareTo(b) <= 0;
    public static bool operator >=(Instant a, Instant b) => a.CompareTo(b) >= 0;
    public override string ToString() => $"{Seconds}.{Nanoseconds:D9}";
}

/// <summary>One entry of a directory with the position that follows it.</summary>
public readonly record struct DirectoryEntry(string Name, ulong Inode, byte Type, long NextPosition);

public static unsafe partial class Sys
{
    public static Result Lstat(string path, out FileStatus status) => Statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, out status);
    public static Result Stat(string path, out FileStatus status) => Statx(AT_FDCWD, path, 0, out status);
    public static Result Fstat(int fd, out FileStatus status) => Statx(fd, "", AT_EMPTY_PATH, out status);

    /// <summary>Block size, total, free and available blocks, files, and longest name of the filesystem.</summary>
    public static Result Statfs(string path, out (long BlockSize, long Blocks, long Free, long Available, long Files, long NameMax) figures)
    {
        byte[] b = new byte[128];
        fixed (byte* p = b)
        {
            Result result = Of(statfs(Z(path), p));
            long At(int offset) => BinaryPrimitives.ReadInt64LittleEndian(b.AsSpan(offset));
            figures = (At(8), At(16), At(24), At(32), At(40), At(64));
            return result;
        }
    }

    /// <summary>One getdents64 call; an empty list at the end of the directory.</summary>
    public static Result ReadDirectory(int fd, List<DirectoryEntry> into, int bufferSize = 32768)
    {
        byte[] buffer = new byte[bufferSize];
        fixed (byte* p = buffer)
        {
            Result result = Of(syscall(Arm ? 61 : 217, fd, p, bufferSize));
            for (int at = 0; result.Ok && at < result.Value;)
            {
                ReadOnlySpan<byte> record = buffer.AsSpan(at);
                int length = BinaryPrimitives.ReadUInt16LittleEndian(record[16..]);
                ReadOnlySpan<byte> name = record[19..length];
                into.Add(new DirectoryEntry(
                    Encoding.Latin1.GetString(name[..name.IndexOf((byte)0)]),
                    BinaryPrimitives.ReadUInt64LittleEndian(record),
                    record[18],
                    BinaryPrimitives.ReadInt64LittleEndian(record[8..])));
                at += length;
            }

            return result;
        }
    }

    /// <summary>The names in a directory without <c>.</c> and <c>..</c>, sorted by bytes.</summary>
    public static string[] Names(string path)
    {
        int fd = Open(path, O_RDONLY | O_DIRECTORY).Count;
        List<DirectoryEntry> entries = [];
        Result result;
        do
        {
            result = ReadDirectory(fd, entries);
        }
        while (result is { Ok: true, Value: > 0 });
        Close(fd);
        if (!result.Ok)
        {
            throw new IOException($"{path}: reading the directory failed with {result}");
        }

        string[] names = [.. entries.Select(e => e.Name).Where(n => n is not ("." or ".."))];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    private static Result Statx(int directory, string path, int flags, out FileStatus status)
    {
        byte[] b = new byte[256];
        fixed (byte* p = b)
        {
            Result result = Of(statx(directory, Z(path), flags, 0x7ff, p));
            uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(b.AsSpan(offset));
            long I64(int offset) => BinaryPrimitives.ReadInt64LittleEndian(b.AsSpan(offset));
            Instant Time(int offset) => new(I64(offset), U32(offset + 8));
            status = new FileStatus(
                BinaryPrimitives.ReadUInt16LittleEndian(b.AsSpan(28)), U32(16), U32(20), U32(24), (ulong)I64(32), I64(40), I64(48),
                Time(64), Time(112), Time(96), ((ulong)U32(128) << 32) | U32(132));
            return result;
        }
    }
}
