using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Ecryptfs;

/// <summary>An encrypted private directory as Ubuntu makes it, by the commands that serve its owner.</summary>
public class PrivateDirectoryTests
{
    private const string MountPassphrase = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

    private static string Program => Target.StackFs.Program!;

    [KernelTreeTheory]
    [InlineData("wrapped-v2")]
    public void The_login_passphrase_mounts_unwraps_and_is_changed(string fixture)
    {
        using EcryptfsTree tree = new(fixture);
        string home = Path.Combine(tree.Base, "alice");
        string wrapped = Path.Combine(home, ".ecryptfs", "wrapped-passphrase");
        string old = PassFile(tree, "old", "login-Alice-1");
        string fresh = PassFile(tree, "new", "another login");

        (int code, string output) = TestMount.Run(Program, ["ecryptfs", "unwrap", wrapped, "--passfile", old]);
        Assert.Equal((0, MountPassphrase), (code, output.Trim()));
        (code, output) = TestMount.Run(Program, ["ecryptfs", "unwrap", wrapped, "--passfile", fresh]);
        Assert.Equal(7, code);
        Assert.Contains("that passphrase does not open it", output);

        (code, output) = TestMount.Run(
            Program, ["ecryptfs", "rewrap", wrapped, "--passfile", old, "--new-passfile", fresh]);
        Assert.True(code == 0, output);
        Assert.Equal((byte)':', File.ReadAllBytes(wrapped)[0]);

        (code, output) = TestMount.Run(
            Program, ["ecryptfs", "mount-private", home, tree.Upper, "--passfile", fresh]);
        Assert.True(code == 0, output);
        Assert.Contains("docs", Directory.EnumerateFileSystemEntries(tree.Upper).Select(Path.GetFileName));
        Unmount(tree.Upper);
    }

    [KernelTreeTheory]
    [InlineData("wrapped-v2")]
    [InlineData("aes16-xattr")]
    public void Recover_finds_a_tree_and_mounts_it_read_only(string fixture)
    {
        using EcryptfsTree tree = new(fixture);
        string pass = tree.Manifest.TryGetProperty("private", out _)
            ? PassFile(tree, "login", "login-Alice-1")
            : tree.PassFile;
        (int code, string output) = TestMount.Run(
            Program, ["ecryptfs", "recover", tree.Base, "--passfile", pass, "--at", tree.Upper]);
        Assert.True(code == 0, output);
        string mounted = Directory.GetDirectories(tree.Upper).Single();
        Assert.NotEmpty(Directory.GetFileSystemEntries(mounted));
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(mounted, "new"), "x"));
        Unmount(mounted);
    }

    private static string PassFile(EcryptfsTree tree, string name, string passphrase)
    {
        string path = Path.Combine(tree.Base, name);
        File.WriteAllText(path, passphrase);
        Sys.Chmod(path, 0x180);
        return path;
    }

    private static void Unmount(string path)
    {
        (int code, string output) = TestMount.Run(Program, ["umount", path]);
        Assert.True(code == 0, output);
    }
}
