using System.Security.Cryptography;
using System.Text.Json;
using Mono.Unix;
using Mono.Unix.Native;

namespace StackFs.Tests.Mounted.Ecryptfs;

/// <summary>The lower trees that the kernel module made, read through a real mount.</summary>
public class KernelTreeMountTests
{
    public static TheoryData<string> Trees => EcryptfsTree.Fixtures;

    [KernelTreeTheory]
    [MemberData(nameof(Trees))]
    public void Every_entry_has_its_name_size_mode_content_and_target(string name)
    {
        using EcryptfsTree tree = new(name);
        tree.Mount(tree.OriginalOptions);
        HashSet<string> wanted = [];
        foreach (JsonProperty entry in tree.Manifest.GetProperty("entries").EnumerateObject())
        {
            _ = wanted.Add(entry.Name);
            CheckEntry(Path.Combine(tree.Upper, entry.Name), entry.Value);
        }

        foreach (JsonProperty plain in Plain(tree))
        {
            JsonElement seen = plain.Value.GetProperty("seen_without_passthrough");
            if (seen.ValueKind == JsonValueKind.Object)
            {
                _ = wanted.Add(plain.Name);
                string path = Path.Combine(tree.Upper, plain.Name);
                Assert.Equal(seen.GetProperty("size").GetInt64(), new FileInfo(path).Length);
                Assert.Equal(-1, Syscall.open(path, OpenFlags.O_RDONLY));
                Assert.Equal(Errno.EIO, Stdlib.GetLastError());
            }
        }

        IEnumerable<string> listed =
            Walk(new DirectoryInfo(tree.Upper)).Select(path => Path.GetRelativePath(tree.Upper, path));
        Assert.Equal(wanted.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal(0, Syscall.statvfs(tree.Upper, out Statvfs space));
        Assert.Equal(
            tree.Manifest.GetProperty("observed").GetProperty("statvfs_namemax_upper").GetUInt64(), space.f_namemax);
        tree.Unmount();
    }

    [KernelTreeTheory]
    [MemberData(nameof(Trees))]
    public void Passthrough_and_the_encrypted_view_show_what_the_kernel_shows(string name)
    {
        using EcryptfsTree tree = new(name);
        if (Plain(tree).Any())
        {
            tree.Mount(tree.OriginalOptions + ",ecryptfs_passthrough=y");
            foreach (JsonProperty plain in Plain(tree))
            {
                JsonElement seen = plain.Value.GetProperty("seen_with_passthrough");
                if (seen.ValueKind == JsonValueKind.Object)
                {
                    Assert.Equal(seen.GetProperty("sha256").GetString(), Hash(Path.Combine(tree.Upper, plain.Name)));
                }
            }

            tree.Unmount();
        }

        if (tree.Manifest.TryGetProperty("encrypted_view", out JsonElement view))
        {
            tree.Mount(tree.OriginalOptions + ",ecryptfs_encrypted_view");
            foreach (JsonProperty entry in view.GetProperty("entries").EnumerateObject())
            {
                if (entry.Value.TryGetProperty("sha256", out JsonElement hash))
                {
                    string path = Path.Combine(tree.Upper, entry.Name);
                    Assert.Equal(entry.Value.GetProperty("size").GetInt64(), new FileInfo(path).Length);
                    Assert.Equal(hash.GetString(), Hash(path));
                }
            }

            Assert.Equal(-1, Syscall.open(
                Path.Combine(tree.Upper, "new"), OpenFlags.O_CREAT | OpenFlags.O_WRONLY, FilePermissions.S_IRUSR));
            Assert.Equal(Errno.EROFS, Stdlib.GetLastError());
            tree.Unmount();
        }
    }

    private static IEnumerable<string> Walk(DirectoryInfo directory)
    {
        foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos())
        {
            yield return entry.FullName;
            if (entry is DirectoryInfo { LinkTarget: null } child)
            {
                foreach (string path in Walk(child))
                {
                    yield return path;
                }
            }
        }
    }

    private static JsonElement.ObjectEnumerator Plain(EcryptfsTree tree) =>
        tree.Manifest.TryGetProperty("plaintext_in_lower", out JsonElement plain) ? plain.EnumerateObject() : default;

    private static void CheckEntry(string path, JsonElement entry)
    {
        Assert.Equal(0, Syscall.lstat(path, out Stat status));
        Assert.Equal(Convert.ToUInt32(entry.GetProperty("mode").GetString(), 8), (uint)status.st_mode & 0xFFF);
        switch (entry.GetProperty("type").GetString())
        {
            case "file":
                Assert.Equal(entry.GetProperty("size").GetInt64(), status.st_size);
                Assert.Equal(entry.GetProperty("nlink").GetUInt64(), status.st_nlink);
                Assert.Equal(entry.GetProperty("sha256").GetString(), Hash(path));
                break;
            case "symlink":
                Assert.Equal(entry.GetProperty("size").GetInt64(), status.st_size);
                Assert.Equal(entry.GetProperty("target").GetString(), UnixPath.ReadLink(path));
                break;
        }
    }

    private static string Hash(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
