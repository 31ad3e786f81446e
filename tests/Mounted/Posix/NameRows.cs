using System.Net.Sockets;
using StackFs.Tests.Common;
using static StackFs.Tests.Common.Sys;

namespace StackFs.Tests.Mounted.Posix;

/// <summary>Names: rename, link, symlink, special files, lengths, directories.</summary>
internal static class NameRows
{
    // The name encoding grows names; these stand around where a long one moves to its side file, and at the limit.
    private static readonly int[] Lengths = [1, 100, 140, 142, 143, 144, 145, 150, 200, 254, 255];

    private static readonly int[] TargetLengths = [1, 100, 2000, 2400, 2540, 2560, 3000, 4094, 4095];

    public static IEnumerable<Row> All =>
    [
        new("rename", "ok b abc", s => { s.Put("a", "abc"); return $"{Rename(s["a"], s["b"]).Name} {s.Names()} {s.Get("b")}"; }),
        new("rename of a missing file", "ENOENT", s => Rename(s["a"], s["b"]).Name),
        new("rename replaces a file that is open", "ok new old 0", s =>
        {
            s.Put("a", "new");
            s.Put("b", "old");
            int fd = s.Open("b", O_RDWR);
            string done = Rename(s["a"], s["b"]).Name;
            Fstat(fd, out FileStatus status);
            return $"{done} {s.Get("b")} {Scene.Get(fd)} {status.Links}";
        }),
        new("rename of an open file keeps it open", "ok abcd abcd", s =>
        {
            int fd = s.Open("a");
            Scene.Write(fd, "abc", 0);
            string done = Rename(s["a"], s["b"]).Name;
            Scene.Write(fd, "d", 3);
            return $"{done} {s.Get("b")} {Scene.Get(fd)}";
        }),
        new("rename between two names of one file does nothing", "ok a,b", s =>
        {
            s.Put("a", "x");
            Link(s["a"], s["b"]);
            return $"{Rename(s["a"], s["b"]).Name} {s.Names()}";
        }),
        new("rename of a file over a directory", "EISDIR", s => { s.Put("a", ""); Mkdir(s["d"]); return Rename(s["a"], s["d"]).Name; }),
        new("rename of a directory over a file", "ENOTDIR", s => { s.Put("a", ""); Mkdir(s["d"]); return Rename(s["d"], s["a"]).Name; }),
        new("rename of a directory over an empty one", "ok e f", s =>
        {
            Mkdir(s["d"]);
            s.Put("d/f", "");
            Mkdir(s["e"]);
            return $"{Rename(s["d"], s["e"]).Name} {s.Names()} {s.Names("e")}";
        }),
        new("rename of a directory over a full one", "ENOTEMPTY", s =>
        {
            Mkdir(s["d"]);
            Mkdir(s["e"]);
            s.Put("e/f", "");
            return Rename(s["d"], s["e"]).Name;
        }),
        new("rename of a directory into itself", "EINVAL", s => { Mkdir(s["d"]); return Rename(s["d"], s["d/e"]).Name; }),
        new("rename of an open directory", "ok f", s =>
        {
            Mkdir(s["d"]);
            s.Put("d/f", "");
            int fd = s.Open("d", O_RDONLY | O_DIRECTORY);
            string done = Rename(s["d"], s["e"]).Name;
            List<DirectoryEntry> entries = [];
            ReadDirectory(fd, entries);
            return $"{done} {string.Join(',', entries.Select(e => e.Name).Where(n => n[0] != '.'))}";
        }),
        new("RENAME_NOREPLACE on an existing target", "EEXIST a,b", s =>
        {
            s.Put("a", "1");
            s.Put("b", "2");
            return $"{Rename(s["a"], s["b"], RENAME_NOREPLACE).Name} {s.Names()}";
        }),
        new("RENAME_NOREPLACE to a free name", "ok b", s => { s.Put("a", "1"); return $"{Rename(s["a"], s["b"], RENAME_NOREPLACE).Name} {s.Names()}"; }),
        new("RENAME_EXCHANGE of two files", "ok 2 1", s =>
        {
            s.Put("a", "1");
            s.Put("b", "2");
            return $"{Rename(s["a"], s["b"], RENAME_EXCHANGE).Name} {s.Get("a")} {s.Get("b")}";
        }),
        new("RENAME_EXCHANGE of a file and a directory", "ok d f", s =>
        {
            s.Put("a", "1");
            Mkdir(s["b"]);
            return $"{Rename(s["a"], s["b"], RENAME_EXCHANGE).Name} {s.Stat("a").Kind} {s.Stat("b").Kind}";
        }),
        new("RENAME_EXCHANGE with a missing name", "ENOENT", s => { s.Put("a", "1"); return Rename(s["a"], s["b"], RENAME_EXCHANGE).Name; }),
        new("two rename flags that exclude each other", "EINVAL", s =>
        {
            s.Put("a", "1");
            return Rename(s["a"], s["b"], RENAME_EXCHANGE | RENAME_NOREPLACE).Name;
        }),
        new("link counts, and shows the size on each name", "ok 2 2 5 5", s =>
        {
            s.Put("a", "12345");
            string done = Link(s["a"], s["b"]).Name;
            return $"{done} {s.Stat("a").Links} {s.Stat("b").Links} {s.Size("a")} {s.Size("b")}";
        }),
        new("link of a file being written shows its size", "5 5", s =>
        {
            int fd = s.Open("a");
            Scene.Write(fd, "12345", 0);
            Link(s["a"], s["b"]);
            return $"{s.Size("a")} {s.Size("b")}";
        }),
        new("a write through one link shows through the other", "XX345 7 7", s =>
        {
            s.Put("a", "12345");
            Link(s["a"], s["b"]);
            int fd = s.Open("a", O_RDWR);
            Scene.Write(fd, "XX", 0);
            string content = s.Get("b");
            Ftruncate(fd, 7);
            return $"{content} {s.Size("a")} {s.Size("b")}";
        }),
        new("two links are one inode", "True", s => { s.Put("a", ""); Link(s["a"], s["b"]); return $"{s.Stat("a").Inode == s.Stat("b").Inode}"; }),
        new("unlink of one link leaves the other", "ok 1 abc", s =>
        {
            s.Put("a", "abc");
            Link(s["a"], s["b"]);
            return $"{Unlink(s["a"]).Name} {s.Stat("b").Links} {s.Get("b")}";
        }),
        new("link to an existing name", "EEXIST", s => { s.Put("a", ""); s.Put("b", ""); return Link(s["a"], s["b"]).Name; }),
        new("link of a directory", "EPERM", s => { Mkdir(s["d"]); return Link(s["d"], s["e"]).Name; }),
        new("link of a symlink", "ok l", s => { Symlink("x", s["a"]); return $"{Link(s["a"], s["b"]).Name} {s.Stat("b").Kind}"; }),
        .. TargetLengths.Select(n => new Row($"symlink target of {n} bytes", $"ok {n} True {n} 1", s =>
        {
            string target = Long(n, '/');
            string made = Symlink(target, s["l"]).Name;
            Result read = ReadLink(s["l"], out string back);
            return $"{made} {read} {back == target} {s.Size("l")} {Sys.Names(s.Directory).Length}";
        })),
        new("symlink target of 4096 bytes", "ENAMETOOLONG", s => Symlink(Long(4096, '/'), s["l"]).Name),
        new("empty symlink target", "ENOENT", s => Symlink("", s["l"]).Name),
        new("long symlink: rename, link and unlink", "ok ok ok True c", s =>
        {
            string target = Long(3900, '/');
            Symlink(target, s["a"]);
            string done = $"{Link(s["a"], s["b"]).Name} {Rename(s["a"], s["c"]).Name} {Unlink(s["b"]).Name}";
            ReadLink(s["c"], out string back);
            return $"{done} {back == target} {s.Names()}";
        }),
        new("two long symlinks with one target: unlink of one leaves the other", "ok True", s =>
        {
            string target = Long(3900, '/');
            Symlink(target, s["a"]);
            Symlink(target, s["b"]);
            string done = Unlink(s["a"]).Name;
            ReadLink(s["b"], out string back);
            return $"{done} {back == target}";
        }),
        new("long symlink renamed to another directory", "ok True ok", s =>
        {
            string target = Long(3900, '/');
            Mkdir(s["d"]);
            Symlink(target, s["a"]);
            string done = Rename(s["a"], s["d/b"]).Name;
            ReadLink(s["d/b"], out string back);
            Unlink(s["d/b"]);
            return $"{done} {back == target} {Rmdir(s["d"]).Name}";
        }),
        new("symlink is followed", "abc", s => { s.Put("f", "abc"); Symlink("f", s["l"]); return s.Get("l"); }),
        new("symlink loop", "ELOOP", s => { Symlink("l", s["l"]); return s.TryOpen("l", O_RDONLY).Name; }),
        new("readlink of a file", "EINVAL", s => { s.Put("f", ""); return ReadLink(s["f"], out _).Name; }),
        .. Lengths.Select(n => new Row($"name of {n} bytes", "True abc True ok ", s =>
        {
            string name = Long(n, 'x');
            s.Put(name, "abc");
            string seen = $"{s.Names() == name} {s.Get(name)}";
            string other = "y" + name[1..];
            bool moved = Rename(s[name], s[other]).Ok && s.Names() == other;
            return $"{seen} {moved} {Unlink(s[other]).Name} {s.Names()}";
        })),
        .. Lengths.Select(n => new Row($"directory name of {n} bytes", "ok f ok ok 0", s =>
        {
            string name = Long(n, 'x'), other = "z" + name[1..];
            string made = Mkdir(s[name]).Name;
            s.Put(name + "/f", "1");
            string inside = s.Names(name);
            string moved = Rename(s[name], s[other]).Name;
            Unlink(s[other + "/f"]);
            return $"{made} {inside} {moved} {Rmdir(s[other]).Name} {Sys.Names(s.Directory).Length}";
        })),
        new("long names: link, replace, exchange, symlink and special file", "ok ok ok ok ok 1 2 p", s =>
        {
            string a = Long(255, 'a'), b = Long(255, 'b'), c = Long(255, 'c'), d = Long(255, 'd'), e = Long(255, 'e');
            s.Put(a, "1");
            s.Put(b, "2");
            string done = $"{Link(s[a], s[c]).Name} {Rename(s[a], s[b], RENAME_EXCHANGE).Name} {Rename(s[a], s[c]).Name} {Symlink("x", s[d]).Name} {Mknod(s[e], S_IFIFO | 0x180).Name}";
            return $"{done} {s.Get(b)} {s.Get(c)} {s.Stat(e).Kind}";
        }),
        new("long name refused where it exists keeps the file readable", "EEXIST EEXIST EEXIST abc", s =>
        {
            string a = Long(250, 'a');
            s.Put(a, "abc");
            s.Put("b", "");
            return $"{Mkdir(s[a]).Name} {Link(s["b"], s[a]).Name} {Symlink("x", s[a]).Name} {s.Get(a)}";
        }),
        new("name of 256 bytes", "ENAMETOOLONG", s => s.TryOpen(Long(256, 'x'), O_CREAT | O_RDWR).Name),
        new("name that is not UTF-8", "True abc", s =>
        {
            string name = "\xff\xfe\x80 \x01\n";
            s.Put(name, "abc");
            return $"{s.Names() == name} {s.Get(name)}";
        }),
        new("names that differ in case only", "A,a 2 1", s => { s.Put("a", "1"); s.Put("A", "2"); return $"{s.Names()} {s.Get("A")} {s.Get("a")}"; }),
        new("path of PATH_MAX", "ok ENAMETOOLONG", s =>
        {
            string path = s.Directory;
            while (path.Length + 201 < 4095)
            {
                path += "/" + new string('p', 199);
                Mkdir(path);
            }

            path += "/";
            string last = new('q', Math.Min(255, 4095 - path.Length));
            return $"{s.Track(Sys.Open(path + last, O_CREAT | O_RDWR)).Name} {s.Track(Sys.Open(path + last + new string('q', 4096 - path.Length - last.Length), O_CREAT | O_RDWR)).Name}";
        }),
        new("FIFO", "ok p 640 EEXIST", s => $"{Mknod(s["p"], S_IFIFO | 0x1A0).Name} {s.Stat("p").Kind} {s.Mode("p")} {Mknod(s["p"], S_IFIFO | 0x1A0).Name}"),
        new("FIFO carries data", "xyz", s =>
        {
            Mknod(s["p"], S_IFIFO | 0x1A4);
            int fd = s.Open("p", O_RDWR | O_NONBLOCK);
            Scene.Append(fd, "xyz");
            byte[] b = new byte[3];
            Sys.Read(fd, b);
            return System.Text.Encoding.Latin1.GetString(b);
        }),
        new("character device", "ok c", s => $"{Mknod(s["c"], S_IFCHR | 0x180, (1 << 8) | 3).Name} {s.Stat("c").Kind}"),
        new("mknod of a regular file", "ok f 0", s => $"{Mknod(s["f"], S_IFREG | 0x180).Name} {s.Stat("f").Kind} {s.Size("f")}"),
        new("socket", "s ok", s =>
        {
            // A socket's path holds 108 bytes, so the directory is named through a descriptor.
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint($"/proc/self/fd/{s.Open(".", O_PATH)}/sock"));
            return $"{s.Stat("sock").Kind} {Unlink(s["sock"]).Name}";
        }),
        new("mkdir over an existing name", "EEXIST EEXIST", s => { Mkdir(s["d"]); s.Put("f", ""); return $"{Mkdir(s["d"]).Name} {Mkdir(s["f"]).Name}"; }),
        new("rmdir of a full directory", "ENOTEMPTY", s => { Mkdir(s["d"]); s.Put("d/f", ""); return Rmdir(s["d"]).Name; }),
        new("rmdir of a file, unlink of a directory", "ENOTDIR EISDIR", s => { s.Put("f", ""); Mkdir(s["d"]); return $"{Rmdir(s["f"]).Name} {Unlink(s["d"]).Name}"; }),
        new("rmdir of an open directory", "ok ENOENT", s =>
        {
            Mkdir(s["d"]);
            int fd = s.Open("d", O_RDONLY | O_DIRECTORY);
            return $"{Rmdir(s["d"]).Name} {s.Track(Sys.Open($"/proc/self/fd/{fd}/f", O_CREAT | O_RDWR)).Name}";
        }),
        new("link count of directories", "3 2", s => { Mkdir(s["d"]); Mkdir(s["d/e"]); s.Put("d/f", ""); return $"{s.Stat("d").Links} {s.Stat("d/e").Links}"; }),
        new("readdir gives types and inode numbers", "True", s =>
        {
            s.Put("f", "");
            Mkdir(s["d"]);
            Symlink("x", s["l"]);
            List<DirectoryEntry> entries = [];
            int fd = s.Open(".", O_RDONLY | O_DIRECTORY);
            ReadDirectory(fd, entries);
            return $"{entries.Where(e => e.Name[0] != '.').All(e => e.Inode == s.Stat(e.Name).Inode && e.Type == s.Stat(e.Name).Mode >> 12)}";
        }),
        new("readdir names itself and its parent", "True True", s =>
        {
            List<DirectoryEntry> entries = [];
            ReadDirectory(s.Open(".", O_RDONLY | O_DIRECTORY), entries);
            return $"{entries.Exists(e => e.Name == ".")} {entries.Exists(e => e.Name == "..")}";
        }),
    ];

    /// <summary>A string of <paramref name="length"/> that differs along its whole length.</summary>
    private static string Long(int length, char lead) =>
        string.Create(length, lead, (span, first) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = i == 0 ? first : (char)('a' + (i * 7 + i / 26) % 26);
            }
        });
}
