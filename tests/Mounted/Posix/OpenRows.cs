using StackFs.Tests.Common;
using static StackFs.Tests.Common.Sys;

namespace StackFs.Tests.Mounted.Posix;

/// <summary>open(2) and its flags.</summary>
internal static class OpenRows
{
    public static IEnumerable<Row> All =>
    [
        new("open of a missing file", "ENOENT", s => s.TryOpen("f", O_RDONLY).Name),
        new("open below a file", "ENOTDIR", s => { s.Put("f", ""); return s.TryOpen("f/g", O_RDONLY).Name; }),
        new("open of a directory for writing", "EISDIR", s => { Mkdir(s["d"]); return s.TryOpen("d", O_RDWR).Name; }),
        new("O_CREAT with O_DIRECTORY on a file", "ENOTDIR", s => { s.Put("f", ""); return s.TryOpen("f", O_RDONLY | O_DIRECTORY).Name; }),
        new("O_EXCL on an existing file", "EEXIST", s => { s.Put("f", ""); return s.TryOpen("f", O_CREAT | O_EXCL | O_RDWR).Name; }),
        new("O_EXCL on a dangling symlink", "EEXIST", s => { Symlink("none", s["l"]); return s.TryOpen("l", O_CREAT | O_EXCL | O_RDWR).Name; }),
        new("O_CREAT through a dangling symlink", "ok ok", s =>
        {
            Symlink("g", s["l"]);
            int fd = s.Open("l");
            return Lstat(s["g"], out _).Name + " " + Scene.Write(fd, "x", 0).Name;
        }),
        new("O_NOFOLLOW on a symlink", "ELOOP", s => { s.Put("f", ""); Symlink("f", s["l"]); return s.TryOpen("l", O_RDONLY | O_NOFOLLOW).Name; }),
        new("O_TRUNC empties", "0 []", s =>
        {
            s.Put("f", "something");
            s.Close(s.Open("f", O_WRONLY | O_TRUNC));
            return $"{s.Size("f")} [{s.Get("f")}]";
        }),
        new("O_TRUNC while another holds the file", "0 new", s =>
        {
            int held = s.Open("f");
            Scene.Write(held, "something long", 0);
            int other = s.Open("f", O_WRONLY | O_TRUNC);
            string size = s.Size("f");
            Scene.Write(other, "new", 0);
            return size + " " + Scene.Get(held);
        }),
        new("O_TRUNC and O_CREAT keep the mode of an existing file", "600", s =>
        {
            s.Put("f", "x");
            Chmod(s["f"], 0x180);
            s.Close(s.Open("f", O_WRONLY | O_CREAT | O_TRUNC, 0x1FF));
            return s.Mode("f");
        }),
        new("O_APPEND writes at the end", "abcdef", s =>
        {
            s.Put("f", "abc");
            int fd = s.Open("f", O_WRONLY | O_APPEND);
            Scene.Append(fd, "def");
            return s.Get("f");
        }),
        new("O_APPEND from two descriptors in turn", "a1b1a2b2", s =>
        {
            int a = s.Open("f", O_WRONLY | O_CREAT | O_APPEND), b = s.Open("f", O_WRONLY | O_APPEND);
            Scene.Append(a, "a1");
            Scene.Append(b, "b1");
            Scene.Append(a, "a2");
            Scene.Append(b, "b2");
            return s.Get("f");
        }),
        new("pwrite on O_APPEND still appends", "abcX", s =>
        {
            s.Put("f", "abc");
            Scene.Write(s.Open("f", O_WRONLY | O_APPEND), "X", 0);
            return s.Get("f");
        }),
        new("write to a descriptor opened for reading", "EBADF", s => { s.Put("f", ""); return Scene.Write(s.Open("f", O_RDONLY), "x", 0).Name; }),
        new("read from a descriptor opened for writing", "EBADF", s => { s.Put("f", "x"); return Pread(s.Open("f", O_WRONLY), new byte[1], 0).Name; }),
        new("part of an extent written through O_WRONLY", "aXc", s =>
        {
            s.Put("f", "abc");
            int fd = s.Open("f", O_WRONLY);
            Scene.Write(fd, "X", 1);
            s.Close(fd);
            return s.Get("f");
        }),
        new("file created read-only stays writable through its descriptor", "ok 400 data", s =>
        {
            int fd = s.Open("f", O_RDWR | O_CREAT | O_EXCL, 0x100);
            string wrote = Scene.Write(fd, "data", 0).Name;
            s.Close(fd);
            return $"{wrote} {s.Mode("f")} {s.Get("f")}";
        }),
        new("file created with mode 0", "ok 0", s => $"{Scene.Write(s.Open("f", O_RDWR | O_CREAT, 0), "x", 0).Name} {s.Mode("f")}"),
        new("O_DIRECT write and read of whole pages", "8192 8192 True", s => Direct(s, 8192)),
        new("O_DIRECT write and read of a mebibyte", "1048576 1048576 True", s => Direct(s, 1 << 20)),
        new("O_SYNC write", "ok 1", s => $"{Scene.Write(s.Open("f", O_WRONLY | O_CREAT | O_SYNC), "x", 0).Name} {s.Size("f")}"),
        new("O_TMPFILE has no name and no link", "0  0", s =>
        {
            int fd = s.Open(".", O_TMPFILE | O_RDWR);
            Fstat(fd, out FileStatus status);
            return $"{status.Links} {s.Names()} {status.Size}";
        }),
        new("O_TMPFILE then linkat", "ok 1 f secret 640", s =>
        {
            int fd = s.Open(".", O_TMPFILE | O_RDWR, 0x1A0);
            Scene.Write(fd, "secret", 0);
            string linked = LinkAt(AT_FDCWD, $"/proc/self/fd/{fd}", s["f"], AT_SYMLINK_FOLLOW).Name;
            Fstat(fd, out FileStatus status);
            s.Close(fd);
            return $"{linked} {status.Links} {s.Names()} {s.Get("f")} {s.Mode("f")}";
        }),
        new("O_TMPFILE with O_EXCL cannot be linked", "ENOENT", s =>
        {
            int fd = s.Open(".", O_TMPFILE | O_RDWR | O_EXCL);
            return LinkAt(AT_FDCWD, $"/proc/self/fd/{fd}", s["f"], AT_SYMLINK_FOLLOW).Name;
        }),
        new("O_PATH descriptor answers fstat", "5", s =>
        {
            s.Put("f", "12345");
            Fstat(s.Open("f", O_PATH), out FileStatus status);
            return $"{status.Size}";
        }),
        new("file handle", "ok abc", s =>
        {
            s.Put("f", "abc");
            string made = NameToHandle(s["f"], out byte[] handle).Name;
            Result opened = s.Track(OpenByHandle(s.Open(".", O_RDONLY | O_DIRECTORY), handle, O_RDONLY));

            // Opening takes CAP_DAC_READ_SEARCH, which a container may lack.
            return $"{made} {(opened.Ok ? Scene.Get(opened.Count) : opened.Name == "EPERM" ? "abc" : opened.Name)}";
        }),
        new("reopen through /proc/self/fd", "12345", s =>
        {
            s.Put("f", "12345");
            int again = Sys.Open($"/proc/self/fd/{s.Open("f", O_RDONLY)}", O_RDONLY).Count;
            string content = Scene.Get(again);
            Sys.Close(again);
            return content;
        }),
    ];

    private static unsafe string Direct(Scene s, int length)
    {
        byte[] data = Scene.Pattern(length);
        void* memory = System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)length, 4096);
        try
        {
            Span<byte> buffer = new(memory, length);
            data.CopyTo(buffer);
            int fd = s.Open("f", O_RDWR | O_CREAT | O_DIRECT);
            Result wrote = Pwrite(fd, buffer, 0);
            buffer.Clear();
            Result read = Pread(fd, buffer, 0);
            return $"{wrote} {read} {buffer.SequenceEqual(data)}";
        }
        finally
        {
            System.Runtime.InteropServices.NativeMemory.AlignedFree(memory);
        }
    }
}
