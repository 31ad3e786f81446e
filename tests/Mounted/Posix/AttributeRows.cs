using StackFs.Tests.Common;
using static StackFs.Tests.Common.Sys;

namespace StackFs.Tests.Mounted.Posix;

/// <summary>Modes, owners, times and permissions.</summary>
internal static class AttributeRows
{
    private const uint Someone = 54321, Group = 54322;

    public static IEnumerable<Row> All =>
    [
        new("chmod all bits", "ok 7777 ok 0", s =>
        {
            s.Put("f", "");
            string first = $"{Chmod(s["f"], 0xFFF).Name} {s.Mode("f")}";
            return $"{first} {Chmod(s["f"], 0).Name} {s.Mode("f")}";
        }),
        new("chmod of a directory", "ok 1700", s => { Mkdir(s["d"]); return $"{Chmod(s["d"], 0x3C0).Name} {s.Mode("d")}"; }),
        new("chown", "ok 54321 54322", s => { s.Put("f", ""); return $"{Chown(s["f"], Someone, Group).Name} {s.Stat("f").Uid} {s.Stat("f").Gid}"; }),
        new("chown of one half leaves the other", "54321 54322", s =>
        {
            s.Put("f", "");
            Chown(s["f"], Someone, -1);
            Chown(s["f"], -1, Group);
            return $"{s.Stat("f").Uid} {s.Stat("f").Gid}";
        }),
        new("lchown of a symlink", "ok 54321 0", s =>
        {
            s.Put("f", "");
            Symlink("f", s["l"]);
            return $"{Lchown(s["l"], Someone, Group).Name} {s.Stat("l").Uid} {s.Stat("f").Uid}";
        }),
        new("chown by root clears setuid of a file", "755", s =>
        {
            s.Put("f", "");
            Chmod(s["f"], 0x9ED);
            Chown(s["f"], Someone, Group);
            return s.Mode("f");
        }),
        new("write by another clears setuid and setgid", "ok 777", s =>
        {
            s.Put("f", "abc");
            Chmod(s["f"], 0xDFF);
            int fd = s.Open("f", O_RDWR);
            string wrote = Scene.As(Someone, Group, () => Scene.Write(fd, "x", 0).Name);
            return $"{wrote} {s.Mode("f")}";
        }),
        new("truncate by another clears setuid", "ok 777", s =>
        {
            s.Put("f", "abc");
            Chmod(s["f"], 0x9FF);
            return $"{Scene.As(Someone, Group, () => Truncate(s["f"], 1).Name)} {s.Mode("f")}";
        }),
        new("times in nanoseconds", "ok 1000000001.123456789 1234567890.987654321", s =>
        {
            s.Put("f", "abc");
            string done = Utimens(s["f"], (1000000001, 123456789), (1234567890, 987654321)).Name;
            return $"{done} {s.Stat("f").Access} {s.Stat("f").Modification}";
        }),
        new("times before 1970", "ok -5.000000007", s =>
        {
            s.Put("f", "");
            return $"{Utimens(s["f"], (-5, 7), (-5, 7)).Name} {s.Stat("f").Modification}";
        }),
        new("times of a directory", "ok 5.000000006", s => { Mkdir(s["d"]); return $"{Utimens(s["d"], (1, 2), (5, 6)).Name} {s.Stat("d").Modification}"; }),
        new("times of a symlink, not of its target", "ok 3.000000004 5.000000006 True", s =>
        {
            s.Put("f", "");
            Symlink("f", s["l"]);
            string done = Utimens(s["l"], (3, 4), (5, 6), follow: false).Name;
            return $"{done} {s.Stat("l").Access} {s.Stat("l").Modification} {s.Stat("f").Modification.Seconds > 1000}";
        }),
        new("UTIME_OMIT leaves, UTIME_NOW sets", "7.000000008 True", s =>
        {
            s.Put("f", "");
            Utimens(s["f"], (7, 8), (9, 10));
            Utimens(s["f"], (0, UTIME_OMIT), (0, UTIME_NOW));
            return $"{s.Stat("f").Access} {s.Stat("f").Modification.Seconds > 1000000}";
        }),
        new("times set on an open file survive its close", "11.000000012", s =>
        {
            int fd = s.Open("f");
            Scene.Write(fd, "abc", 0);
            Futimens(fd, (11, 12), (11, 12));
            s.Close(fd);
            return $"{s.Stat("f").Modification}";
        }),
        new("times set by name while a writer is open survive its close", "11.000000012 3", s =>
        {
            int fd = s.Open("f");
            Scene.Write(fd, "abc", 0);
            Utimens(s["f"], (11, 12), (11, 12));
            s.Close(fd);
            return $"{s.Stat("f").Modification} {s.Size("f")}";
        }),
        new("a write moves mtime and ctime", "True True", s =>
        {
            s.Put("f", "abc");
            Utimens(s["f"], (7, 8), (9, 10));
            FileStatus before = s.Stat("f");
            Thread.Sleep(15);
            int fd = s.Open("f", O_RDWR);
            Scene.Write(fd, "x", 0);
            s.Close(fd);
            return $"{s.Stat("f").Modification > before.Modification} {s.Stat("f").Change > before.Change}";
        }),
        new("an ftruncate to the same size moves mtime", "True", s =>
        {
            s.Put("f", "abc");
            Utimens(s["f"], (7, 8), (9, 10));
            Ftruncate(s.Open("f", O_RDWR), 3);
            return $"{s.Stat("f").Modification.Seconds > 1000}";
        }),
        .. new (string, Func<Scene, Result>)[]
        {
            ("create", s => Mknod(s["d/n"], S_IFREG | 0x180)),
            ("mkdir", s => Mkdir(s["d/n"])),
            ("unlink", s => Unlink(s["d/f"])),
            ("rename out", s => Rename(s["d/f"], s["f"])),
            ("link", s => Link(s["d/f"], s["d/n"])),
            ("symlink", s => Symlink("x", s["d/n"])),
        }.Select(c => new Row($"{c.Item1} moves the directory's mtime", "ok True", s =>
        {
            Mkdir(s["d"]);
            s.Put("d/f", "");
            Utimens(s["d"], (7, 8), (9, 10));
            string done = c.Item2(s).Name;
            return $"{done} {s.Stat("d").Modification.Seconds > 1000}";
        })),
        new("link and chmod move ctime", "True True", s =>
        {
            s.Put("f", "");
            Instant first = s.Stat("f").Change;
            Thread.Sleep(15);
            Link(s["f"], s["g"]);
            Instant second = s.Stat("f").Change;
            Thread.Sleep(15);
            Chmod(s["f"], 0x180);
            return $"{second > first} {s.Stat("f").Change > second}";
        }),
        new("umask on files, directories and FIFOs", "640 750 640", s =>
        {
            int old = Umask(0x17);
            try
            {
                s.Close(s.Open("f", O_RDWR | O_CREAT, 0x1B6));
                Mkdir(s["d"], 0x1FF);
                Mknod(s["p"], S_IFIFO | 0x1B6);
            }
            finally
            {
                Umask(old);
            }

            return $"{s.Mode("f")} {s.Mode("d")} {s.Mode("p")}";
        }),
        new("files belong to their creator", "54321 54322 54321 54322 54321 54321", s =>
        {
            Chmod(s.Directory, 0x1FF);
            Scene.As(Someone, Group, () =>
            {
                s.Put("f", "x");
                Mkdir(s["d"]);
                Symlink("x", s["l"]);
                Mknod(s["p"], S_IFIFO | 0x180);
                return "";
            });
            return $"{s.Stat("f").Uid} {s.Stat("f").Gid} {s.Stat("d").Uid} {s.Stat("d").Gid} {s.Stat("l").Uid} {s.Stat("p").Uid}";
        }),
        new("a setgid directory gives its group, and the bit to directories", "54322 54322 2755 755", s =>
        {
            Mkdir(s["d"]);
            Chown(s["d"], 0, Group);
            Chmod(s["d"], 0x5ED);
            s.Close(s.Open("d/f", O_RDWR | O_CREAT, 0x1ED));
            Mkdir(s["d/e"]);
            return $"{s.Stat("d/f").Gid} {s.Stat("d/e").Gid} {s.Mode("d/e")} {s.Mode("d/f")}";
        }),
        new("a foreign file is not readable, writable or listable", "EACCES EACCES EACCES EACCES", s =>
        {
            s.Put("f", "x");
            Chmod(s["f"], 0x180);
            Mkdir(s["d"], 0x1C0);
            return Scene.As(Someone, Group, () =>
                $"{s.TryOpen("f", O_RDONLY).Name} {s.TryOpen("f", O_WRONLY).Name} {s.TryOpen("d", O_RDONLY).Name} {Mkdir(s["d/e"]).Name}");
        }),
        new("a foreign file is not chmod'ed, chown'ed, unlinked or dated", "EPERM EPERM EACCES EPERM", s =>
        {
            s.Put("f", "x");
            return Scene.As(Someone, Group, () =>
                $"{Chmod(s["f"], 0x1FF).Name} {Chown(s["f"], Someone, -1).Name} {Unlink(s["f"]).Name} {Utimens(s["f"], (1, 1), (1, 1)).Name}");
        }),
        new("sticky directory", "EPERM EPERM", s =>
        {
            Chmod(s.Directory, 0x3FF);
            s.Put("f", "x");
            return Scene.As(Someone, Group, () => $"{Unlink(s["f"]).Name} {Rename(s["f"], s["g"]).Name}");
        }),
        new("an unwritable file of one's own, written by its creating descriptor", "ok ok 444", s =>
        {
            Chmod(s.Directory, 0x1FF);
            return Scene.As(Someone, Group, () =>
            {
                Result fd = s.TryOpen("f", O_RDWR | O_CREAT | O_EXCL, 0x124);
                string answers = $"{fd.Name} {Scene.Write(fd.Count, "x", 0).Name} {s.Mode("f")}";
                Sys.Close(fd.Count);
                return answers;
            });
        }),
        new("access", "ok EACCES ok", s =>
        {
            s.Put("f", "");
            return $"{Access(s["f"], 4).Name} {Access(s["f"], 1).Name} {Access(s["f"], 0).Name}";
        }),
        new("statfs", "255 True", s =>
        {
            Result result = Statfs(s.Directory, out var figures);
            return $"{figures.NameMax} {result.Ok && figures.Blocks > 0 && figures.Available <= figures.Blocks}";
        }),
    ];
}
