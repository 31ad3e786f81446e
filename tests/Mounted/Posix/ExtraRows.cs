using System.Buffers.Binary;
using System.Text;
using StackFs.Tests.Common;
using static StackFs.Tests.Common.Sys;

namespace StackFs.Tests.Mounted.Posix;

/// <summary>Extended attributes, access control lists, locks and memory maps.</summary>
internal static class ExtraRows
{
    private const uint Someone = 54321, Group = 54322;

    public static IEnumerable<Row> All => [.. Attributes, .. Lists, .. Locks, .. Maps];

    private static IEnumerable<Row> Attributes =>
    [
        new("xattr set, get, list, remove", "ok 5 value user.name ok ENODATA", s =>
        {
            s.Put("f", "");
            string set = SetXattr(s["f"], "user.name", "value"u8).Name;
            byte[] b = new byte[100];
            Result got = GetXattr(s["f"], "user.name", b);
            ListXattr(s["f"], 1000, out string[] names);
            string seen = $"{set} {got} {Encoding.Latin1.GetString(b, 0, got.Count)} {string.Join(',', names)}";
            return $"{seen} {RemoveXattr(s["f"], "user.name").Name} {GetXattr(s["f"], "user.name", b).Name}";
        }),
        new("xattr flags", "ENODATA ok EEXIST ok", s =>
        {
            s.Put("f", "");
            return $"{SetXattr(s["f"], "user.a", "1"u8, XATTR_REPLACE).Name} {SetXattr(s["f"], "user.a", "1"u8, XATTR_CREATE).Name} " +
                $"{SetXattr(s["f"], "user.a", "1"u8, XATTR_CREATE).Name} {SetXattr(s["f"], "user.a", "2"u8, XATTR_REPLACE).Name}";
        }),
        new("xattr size query and short buffer", "5 ERANGE 7 ERANGE", s =>
        {
            s.Put("f", "");
            SetXattr(s["f"], "user.a", "12345"u8);
            return $"{GetXattr(s["f"], "user.a", default)} {GetXattr(s["f"], "user.a", new byte[3]).Name} {ListXattr(s["f"], 0, out _)} {ListXattr(s["f"], 3, out _).Name}";
        }),
        new("empty xattr", "ok 0 user.e", s =>
        {
            s.Put("f", "");
            string set = SetXattr(s["f"], "user.e", default).Name;
            ListXattr(s["f"], 100, out string[] names);
            return $"{set} {GetXattr(s["f"], "user.e", new byte[9])} {string.Join(',', names)}";
        }),
        new("several xattrs on a directory", "user.a,user.b,user.c 2", s =>
        {
            Mkdir(s["d"]);
            SetXattr(s["d"], "user.b", "2"u8);
            SetXattr(s["d"], "user.a", "1"u8);
            SetXattr(s["d"], "user.c", "3"u8);
            ListXattr(s["d"], 1000, out string[] names);
            byte[] b = new byte[1];
            GetXattr(s["d"], "user.b", b);
            return $"{string.Join(',', names)} {(char)b[0]}";
        }),
        new("xattr value of 2000 bytes", "ok 2000 True", s =>
        {
            s.Put("f", "");
            byte[] value = Scene.Pattern(2000), b = new byte[2000];
            return $"{SetXattr(s["f"], "user.v", value).Name} {GetXattr(s["f"], "user.v", b)} {b.AsSpan().SequenceEqual(value)}";
        }),
        new("xattr name of 120 bytes", "ok 1", s =>
        {
            s.Put("f", "");
            string name = "user." + new string('n', 115);
            string set = SetXattr(s["f"], name, "1"u8).Name;
            ListXattr(s["f"], 1000, out string[] names);
            return $"{set} {names.Count(n => n == name)}";
        }),
        new("user xattr on a symlink", "EPERM", s => { Symlink("x", s["l"]); return SetXattr(s["l"], "user.a", "1"u8).Name; }),
        new("trusted xattr", "ok 1", s => { s.Put("f", ""); return $"{SetXattr(s["f"], "trusted.a", "1"u8).Name} {GetXattr(s["f"], "trusted.a", new byte[4])}"; }),
        new("xattr of an unknown namespace", "EOPNOTSUPP", s => { s.Put("f", ""); return SetXattr(s["f"], "nonsense.a", "1"u8).Name; }),
        new("xattr survives rename and link", "1 1", s =>
        {
            s.Put("f", "");
            SetXattr(s["f"], "user.a", "1"u8);
            Rename(s["f"], s["g"]);
            Link(s["g"], s["h"]);
            return $"{GetXattr(s["g"], "user.a", new byte[4])} {GetXattr(s["h"], "user.a", new byte[4])}";
        }),
    ];

    private static IEnumerable<Row> Lists =>
    [
        new("an access list admits one more user", "ok ok EACCES 640", s =>
        {
            s.Put("f", "x");
            Chmod(s["f"], 0x180);
            string set = SetXattr(s["f"], "system.posix_acl_access", Acl((1, 6, null), (2, 4, Someone), (4, 0, null), (16, 4, null), (32, 0, null))).Name;
            string open = Scene.As(Someone, Group, () => s.TryOpen("f", O_RDONLY).Name);
            string other = Scene.As(Someone + 5, Group, () => s.TryOpen("f", O_RDONLY).Name);
            return $"{set} {open} {other} {s.Mode("f")}";
        }),
        new("chmod changes the mask of an access list", "EACCES", s =>
        {
            s.Put("f", "x");
            SetXattr(s["f"], "system.posix_acl_access", Acl((1, 6, null), (2, 4, Someone), (4, 0, null), (16, 4, null), (32, 0, null)));
            Chmod(s["f"], 0x180);
            return Scene.As(Someone, Group, () => s.TryOpen("f", O_RDONLY).Name);
        }),
        new("an access list equal to a mode is one", "ok 640 ENODATA", s =>
        {
            s.Put("f", "x");
            string set = SetXattr(s["f"], "system.posix_acl_access", Acl((1, 6, null), (4, 4, null), (32, 0, null))).Name;
            return $"{set} {s.Mode("f")} {GetXattr(s["f"], "system.posix_acl_access", new byte[200]).Name}";
        }),
        new("a default list is inherited by files, in place of the umask", "ok 660 44 44 44", s => Inherited(s, 0x1B6)),
        new("a default list is cut by the mode asked for", "ok 640 44 44 44", s => Inherited(s, 0x1A4)),
        new("a default list on a file", "EACCES", s =>
        {
            s.Put("f", "");
            return SetXattr(s["f"], "system.posix_acl_default", Acl((1, 6, null), (4, 4, null), (32, 0, null))).Name;
        }),
    ];

    private static IEnumerable<Row> Locks =>
    [
        new("flock excludes and is released by close", "ok EAGAIN ok", s =>
        {
            int a = s.Open("f"), b = s.Open("f");
            string answers = $"{Flock(a, LOCK_EX | LOCK_NB).Name} {Flock(b, LOCK_EX | LOCK_NB).Name}";
            s.Close(a);
            return $"{answers} {Flock(b, LOCK_EX | LOCK_NB).Name}";
        }),
        new("flock shared by two", "ok ok EAGAIN", s =>
        {
            int a = s.Open("f"), b = s.Open("f");
            return $"{Flock(a, LOCK_SH | LOCK_NB).Name} {Flock(b, LOCK_SH | LOCK_NB).Name} {Flock(a, LOCK_EX | LOCK_NB).Name}";
        }),
        new("OFD locks by range", "ok EAGAIN ok", s =>
        {
            int a = s.Open("f"), b = s.Open("f");
            return $"{Record(a, F_OFD_SETLK, F_WRLCK, 0, 10)} {Record(b, F_OFD_SETLK, F_WRLCK, 5, 10)} {Record(b, F_OFD_SETLK, F_WRLCK, 10, 10)}";
        }),
        new("OFD lock keeps a process lock away, and F_GETLK tells", "ok EAGAIN 1", s =>
        {
            int a = s.Open("f"), b = s.Open("f");
            string answers = $"{Record(a, F_OFD_SETLK, F_WRLCK, 0, 10)} {Record(b, F_SETLK, F_RDLCK, 0, 1)}";
            short type = F_RDLCK;
            Sys.Lock(b, F_GETLK, ref type, 0, 1);
            return $"{answers} {type}";
        }),
        new("unlock frees a range", "ok ok ok", s =>
        {
            int a = s.Open("f"), b = s.Open("f");
            return $"{Record(a, F_OFD_SETLK, F_WRLCK, 0, 0)} {Record(a, F_OFD_SETLK, F_UNLCK, 0, 100)} {Record(b, F_OFD_SETLK, F_WRLCK, 50, 50)}";
        }),
    ];

    private static IEnumerable<Row> Maps =>
    [
        new("shared map is seen by read, and by the file after it is gone", "True True", s => Map(s, MAP_SHARED)),
        new("private map leaves the file alone", "False False", s => Map(s, MAP_PRIVATE)),
        new("a write is seen through a map", "Z", s =>
        {
            s.Put("f", Scene.Pattern(10000));
            int fd = s.Open("f", O_RDWR);
            nint p = (nint)Mmap(fd, 10000, PROT_READ, MAP_SHARED, 0).Value;
            Scene.Write(fd, "Z", 5000);
            char seen = (char)Peek(p, 5000);
            Munmap(p, 10000);
            return $"{seen}";
        }),
        new("a map of an unlinked file", "Y", s =>
        {
            s.Put("f", Scene.Pattern(10000));
            int fd = s.Open("f", O_RDWR);
            nint p = (nint)Mmap(fd, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, 0).Value;
            Unlink(s["f"]);
            Poke(p, 9000, (byte)'Y');
            Msync(p, 10000);
            byte[] b = new byte[1];
            Pread(fd, b, 9000);
            Munmap(p, 10000);
            return $"{(char)b[0]}";
        }),
        new("a map across the end of the file shows zeros", "0", s =>
        {
            s.Put("f", Scene.Pattern(100));
            nint p = (nint)Mmap(s.Open("f", O_RDWR), 4096, PROT_READ, MAP_SHARED, 0).Value;
            byte seen = Peek(p, 4000);
            Munmap(p, 4096);
            return $"{seen}";
        }),
        new("shared map of a file created for writing only", "EACCES", s => Mmap(s.Open("f", O_WRONLY | O_CREAT), 4096, PROT_READ, MAP_SHARED, 0).Name),
        new("a program runs from the mount", "0", s =>
        {
            s.Put("true", File.ReadAllBytes("/bin/true"));
            Chmod(s["true"], 0x1ED);
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(s["true"]);
            process.WaitForExit();
            return $"{process.ExitCode}";
        }),
    ];

    /// <summary>The kernel's form of an access list: version 2, then tag, permissions and id of each entry.</summary>
    private static byte[] Acl(params (ushort Tag, ushort Permissions, uint? Id)[] entries)
    {
        byte[] list = new byte[4 + 8 * entries.Length];
        list[0] = 2;
        for (int i = 0; i < entries.Length; i++)
        {
            Span<byte> entry = list.AsSpan(4 + 8 * i);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], entries[i].Permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[i].Id ?? uint.MaxValue);
        }

        return list;
    }

    private static string Inherited(Scene s, int mode)
    {
        Mkdir(s["d"]);
        string set = SetXattr(s["d"], "system.posix_acl_default", Acl((1, 6, null), (2, 6, Someone), (4, 4, null), (16, 6, null), (32, 0, null))).Name;
        int old = Umask(0x3F);
        try
        {
            s.Close(s.Open("d/f", O_RDWR | O_CREAT, mode));
            Mkdir(s["d/e"], 0x1FF);
        }
        finally
        {
            Umask(old);
        }

        byte[] b = new byte[200];
        return $"{set} {s.Mode("d/f")} {GetXattr(s["d/f"], "system.posix_acl_access", b)} " +
            $"{GetXattr(s["d/e"], "system.posix_acl_default", b)} {GetXattr(s["d/e"], "system.posix_acl_access", b)}";
    }

    private static string Record(int fd, int command, short type, long start, long length) => Sys.Lock(fd, command, ref type, start, length).Name;

    private static string Map(Scene s, int flags)
    {
        byte[] data = Scene.Pattern(20000);
        s.Put("f", data);
        int fd = s.Open("f", O_RDWR);
        nint p = (nint)Mmap(fd, 20000, PROT_READ | PROT_WRITE, flags, 0).Value;
        byte changed = (byte)(data[4064] ^ 0x55);
        Poke(p, 4064, changed);
        byte[] b = new byte[1];
        Pread(fd, b, 4064);
        bool seen = b[0] == changed;
        Munmap(p, 20000);
        s.Close(fd);
        Pread(s.Open("f", O_RDONLY), b, 4064);
        return $"{seen} {b[0] == changed}";
    }

    private static unsafe byte Peek(nint address, int offset) => *(byte*)(address + offset);

    private static unsafe void Poke(nint address, int offset, byte value) => *(byte*)(address + offset) = value;
}
