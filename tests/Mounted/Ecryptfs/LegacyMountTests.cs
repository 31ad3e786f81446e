using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mono.Unix.Native;

namespace StackFs.Tests.Mounted.Ecryptfs;

/// <summary>The kernel's trees in a volume that shows them beside its own files.</summary>
public class LegacyMountTests
{
    public static TheoryData<string> Trees => EcryptfsTree.Fixtures;

    [KernelTreeTheory]
    [MemberData(nameof(Trees))]
    public void Reading_shows_every_entry_and_changes_nothing_of_them(string name)
    {
        using EcryptfsTree tree = new(name);
        tree.MakeVolume();
        Dictionary<string, string> below = Hashes(tree.Lower);
        tree.MountVolume("read");
        List<string> names = [];
        foreach (JsonProperty entry in tree.Manifest.GetProperty("entries").EnumerateObject())
        {
            names.Add(entry.Name);
            CheckEntry(Path.Combine(tree.Upper, entry.Name), entry.Value);
            string path = Path.Combine(tree.Upper, entry.Name);
            Assert.Equal((-1, Errno.EROFS), (Stdlib.rename(path, Path.Combine(tree.Upper, "x")), Stdlib.GetLastError()));
            if (entry.Value.GetProperty("type").GetString() == "file")
            {
                Assert.Equal((-1, Errno.EROFS), (Syscall.open(path, OpenFlags.O_WRONLY), Stdlib.GetLastError()));
                Assert.Equal((-1, Errno.EROFS), (Syscall.truncate(path, 1), Stdlib.GetLastError()));
                Assert.Equal((-1, Errno.EROFS), (Syscall.unlink(path), Stdlib.GetLastError()));
                Assert.Equal((-1, Errno.EROFS), (Syscall.chmod(path, FilePermissions.S_IRUSR), Stdlib.GetLastError()));
                Assert.Equal(
                    (-1, Errno.EROFS),
                    (Syscall.setxattr(path, "user.new", "1"u8.ToArray()), Stdlib.GetLastError()));
            }
        }

        string[] listed = [.. Walk(new DirectoryInfo(tree.Upper)).Select(path => Path.GetRelativePath(tree.Upper, path))];
        Assert.Empty(names.Except(listed));
        Assert.Equal(listed.Length, listed.Distinct().Count());

        File.WriteAllText(Path.Combine(tree.Upper, "made now"), "native");
        Assert.Equal("native", File.ReadAllText(Path.Combine(tree.Upper, "made now")));
        tree.Unmount();
        Dictionary<string, string> after = Hashes(tree.Lower);
        Assert.All(below, file => Assert.Equal(file.Value, after[file.Key]));
        string added = Assert.Single(after.Keys.Except(below.Keys));
        Assert.Equal("StackFs\u0001"u8.ToArray(), File.ReadAllBytes(Path.Combine(tree.Lower, added))[..8]);
    }

    [KernelTreeTheory]
    [InlineData("aes32-fnek")]
    [InlineData("aes16-xattr")]
    [InlineData("aes16")]
    public void Written_they_stay_as_they_are_until_they_are_renamed_or_replaced(string name)
    {
        using EcryptfsTree tree = new(name);
        tree.MakeVolume();
        tree.MountVolume("write");
        string file = tree.Manifest.GetProperty("entries").EnumerateObject()
            .First(static entry => entry.Value.GetProperty("type").GetString() == "file"
                && entry.Value.GetProperty("size").GetInt64() > 10 && entry.Value.GetProperty("nlink").GetInt32() == 1
                && !entry.Name.Contains('/', StringComparison.Ordinal)).Name;
        byte[] content = [.. File.ReadAllBytes(Path.Combine(tree.Upper, file)), .. "more"u8];
        File.AppendAllText(Path.Combine(tree.Upper, file), "more");
        tree.Unmount();

        // Still the kernel's file, read as such.
        tree.Mount(tree.OriginalOptions + ",ro");
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(tree.Upper, file)));
        tree.Unmount();

        tree.MountVolume("write");
        string moved = Path.Combine(tree.Upper, "moved");
        File.Move(Path.Combine(tree.Upper, file), moved);
        Assert.Equal(content, File.ReadAllBytes(moved));
        Assert.False(File.Exists(Path.Combine(tree.Upper, file)));
        File.WriteAllText(Path.Combine(tree.Upper, file), "a native one");
        Assert.Equal(0, Syscall.link(moved, Path.Combine(tree.Upper, "linked")));
        string directory = Directory.CreateDirectory(Path.Combine(tree.Upper, "directory")).FullName;
        Assert.Equal(0, Stdlib.rename(moved, Path.Combine(directory, "in it")));
        tree.Unmount();

        tree.MountVolume("write");
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(directory, "in it")));
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(tree.Upper, "linked")));
        Assert.Equal("a native one", File.ReadAllText(Path.Combine(tree.Upper, file)));
        Assert.Equal(0, Stdlib.rename(Path.Combine(directory, "in it"), Path.Combine(tree.Upper, file)));
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(tree.Upper, file)));
        tree.Unmount();
    }

    [KernelTreeTheory]
    [InlineData("aes32-fnek")]
    [InlineData("aes16")]
    public void A_name_in_both_forms_is_one_entry_and_goes_whole(string name)
    {
        using EcryptfsTree tree = new(name);
        tree.MakeVolume();

        // The native one is made where the other cannot be seen.
        tree.MountVolume(null);
        File.WriteAllText(Path.Combine(tree.Upper, "hello.txt.new"), "native");
        Assert.Equal(0, Stdlib.rename(Path.Combine(tree.Upper, "hello.txt.new"), Path.Combine(tree.Upper, "hello.txt")));
        File.WriteAllText(Path.Combine(tree.Upper, "over f4096"), "replaces");
        tree.Unmount();

        tree.MountVolume("write");
        Assert.Single(Directory.GetFiles(tree.Upper), static path => Path.GetFileName(path) == "hello.txt");
        Assert.Equal("native", File.ReadAllText(Path.Combine(tree.Upper, "hello.txt")));
        File.Delete(Path.Combine(tree.Upper, "hello.txt"));
        Assert.False(File.Exists(Path.Combine(tree.Upper, "hello.txt")));
        Assert.DoesNotContain("hello.txt", Directory.GetFiles(tree.Upper).Select(static path => Path.GetFileName(path)));
        string replaced = Path.Combine(tree.Upper, "f4096");
        Assert.True(File.Exists(replaced));
        Assert.Equal(0, Stdlib.rename(Path.Combine(tree.Upper, "over f4096"), replaced));
        tree.Unmount();

        tree.MountVolume("write");
        Assert.False(File.Exists(Path.Combine(tree.Upper, "hello.txt")));
        Assert.Equal("replaces", File.ReadAllText(replaced));
        File.Delete(replaced);
        Assert.False(File.Exists(replaced));
        tree.Unmount();
    }

    [KernelTreeTheory]
    [InlineData("aes16")]
    public void Plain_attributes_are_seen_and_become_encrypted_when_set(string name)
    {
        using EcryptfsTree tree = new(name);
        tree.MakeVolume();
        string below = Path.Combine(tree.Lower, "hello.txt");
        string above = Path.Combine(tree.Upper, "hello.txt");
        Assert.Equal(0, Syscall.setxattr(below, "user.old", "one"u8.ToArray()));
        tree.MountVolume("write");
        Assert.Equal("one", Attribute(above, "user.old"));
        Assert.Equal((-1, Errno.EEXIST), (Syscall.setxattr(above, "user.old", "two"u8.ToArray(), XattrFlags.XATTR_CREATE), Stdlib.GetLastError()));
        Assert.Equal(0, Syscall.setxattr(above, "user.old", "two"u8.ToArray(), XattrFlags.XATTR_REPLACE));
        Assert.Equal("two", Attribute(above, "user.old"));
        Assert.Equal((-1, Errno.ENODATA), (Syscall.getxattr(below, "user.old", out _), Stdlib.GetLastError()));
        _ = Syscall.listxattr(above, out string[] names);
        Assert.Equal(["user.old"], names);
        Assert.Equal(0, Syscall.removexattr(above, "user.old"));
        Assert.Equal((-1, Errno.ENODATA), (Syscall.getxattr(above, "user.old", out _), Stdlib.GetLastError()));
        tree.Unmount();
    }

    [KernelTreeTheory]
    [InlineData("aes16")]
    public void Nothing_of_it_is_opened_unless_it_is_asked_for(string name)
    {
        using EcryptfsTree tree = new(name);
        tree.MakeVolume();
        tree.MountVolume(null);
        string path = Path.Combine(tree.Upper, "hello.txt");
        Assert.Equal((-1, Errno.EPERM), (Syscall.open(path, OpenFlags.O_RDONLY), Stdlib.GetLastError()));
        tree.Unmount();
    }

    private static IEnumerable<string> Walk(DirectoryInfo directory)
    {
        foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos())
        {
            yield return entry.FullName;
            foreach (string below in entry is DirectoryInfo { LinkTarget: null } child ? Walk(child) : [])
            {
                yield return below;
            }
        }
    }

    private static string Attribute(string path, string name)
    {
        Assert.True(Syscall.getxattr(path, name, out byte[] value) >= 0, Stdlib.GetLastError().ToString());
        return Encoding.UTF8.GetString(value);
    }

    private static void CheckEntry(string path, JsonElement entry)
    {
        Assert.Equal(0, Syscall.lstat(path, out Stat status));
        Assert.Equal(Convert.ToUInt32(entry.GetProperty("mode").GetString(), 8), (uint)status.st_mode & 0xFFF);
        switch (entry.GetProperty("type").GetString())
        {
            case "file":
                Assert.Equal(entry.GetProperty("size").GetInt64(), status.st_size);
                Assert.Equal(entry.GetProperty("nlink").GetUInt64(), status.st_nlink);
                Assert.Equal(entry.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
                break;
            case "symlink":
                string target = entry.GetProperty("target").GetString()!;
                Assert.Equal(target, Mono.Unix.UnixPath.ReadLink(path));
                Assert.Equal(Encoding.UTF8.GetByteCount(target), status.st_size);
                break;
            default:
                break;
        }
    }

    private static Dictionary<string, string> Hashes(string root) => Walk(new DirectoryInfo(root))
        .Where(static path => Syscall.lstat(path, out Stat status) == 0 && (status.st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFREG)
        .ToDictionary(
            path => Path.GetRelativePath(root, path),
            static path => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
}
