using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Mono.Unix.Native;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Ecryptfs;

/// <summary>The kernel's trees turned into volumes, beside themselves and in place, with kills on the way.</summary>
public class ConvertTests
{
    private static string Program => Target.StackFs.Program!;

    [KernelTreeTheory]
    [InlineData("aes32-fnek")]
    [InlineData("aes16-xattr")]
    public void A_copy_has_everything_and_the_original_stays(string fixture)
    {
        using EcryptfsTree tree = new(fixture);
        string copy = Path.Combine(tree.Base, "copy");
        string[] before = Listing(tree.Lower);
        (int code, string output) = TestMount.Run(Program, Arguments(tree, copy, "--dry-run"));
        Assert.True(code == 0 && output.Contains("would convert", StringComparison.Ordinal), output);
        Assert.False(Directory.Exists(copy));
        (code, output) = TestMount.Run(Program, Arguments(tree, copy));
        Assert.True(code == 0, output);
        Assert.Equal(before, Listing(tree.Lower));
        CheckVolume(tree, copy);
    }

    [KernelTreeTheory]
    [InlineData("aes16")]
    public void Killed_at_any_moment_it_goes_on_and_ends_with_everything_in_place(string fixture)
    {
        using EcryptfsTree tree = new(fixture);
        foreach (JsonProperty plain in tree.Manifest.GetProperty("plaintext_in_lower").EnumerateObject())
        {
            File.Delete(Path.Combine(tree.Lower, plain.Name));
        }

        foreach (int delay in new[] { 400, 700, 900, 1200 })
        {
            Dictionary<string, string> none = [];
            using Process process = Process.Start(Target.Command(Program, Arguments(tree, null), none))!;
            process.StandardInput.Close();
            if (!process.WaitForExit(delay))
            {
                process.Kill();
                process.WaitForExit();
            }

            UnmountLeftovers(tree.Base);
        }

        if (Directory.Exists(Path.Combine(tree.Lower, ".stackfs-converted"))
            || !File.Exists(Path.Combine(tree.Lower, "stackfs.conf")))
        {
            (int code, string output) = TestMount.Run(Program, Arguments(tree, null));
            Assert.True(code == 0, output);
        }

        Assert.DoesNotContain("hello.txt", Listing(tree.Lower));
        CheckVolume(tree, tree.Lower);
    }

    private static string[] Arguments(EcryptfsTree tree, string? copy, params string[] more) =>
    [
        "convert", tree.Lower, .. copy is null ? Array.Empty<string>() : [copy],
        "--key", "passphrase:passfile=" + tree.PassFile,
        "--new-key", "passphrase:passfile=" + tree.PassFile,
        "-o", tree.OriginalOptions, .. more,
    ];

    private static string[] Listing(string directory) =>
        [.. Directory.EnumerateFileSystemEntries(directory).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static void UnmountLeftovers(string below)
    {
        foreach (string line in File.ReadAllLines("/proc/self/mountinfo"))
        {
            string[] fields = line.Split(' ');
            if (line.Contains("fuse.stackfs", StringComparison.Ordinal) && line.Contains(below, StringComparison.Ordinal))
            {
                (int code, string output) = TestMount.Run(Program, ["umount", fields[4]]);
                Assert.True(code == 0, output);
                Directory.Delete(Path.GetDirectoryName(fields[4])!, recursive: true);
            }
        }
    }

    private static void CheckVolume(EcryptfsTree tree, string volume)
    {
        (int code, string output) = TestMount.Run(
            Program, ["mount", volume, tree.Upper, "-o", $"nokeyring,passfile={tree.PassFile},trust"]);
        Assert.True(code == 0, output);
        try
        {
            foreach (JsonProperty entry in tree.Manifest.GetProperty("entries").EnumerateObject())
            {
                string path = Path.Combine(tree.Upper, entry.Name);
                Assert.Equal(0, Syscall.lstat(path, out Stat status));
                Assert.Equal(Convert.ToUInt32(entry.Value.GetProperty("mode").GetString(), 8), (uint)status.st_mode & 0xFFF);
                if (entry.Value.GetProperty("type").GetString() == "file")
                {
                    Assert.Equal(entry.Value.GetProperty("nlink").GetUInt64(), status.st_nlink);
                    Assert.Equal(
                        entry.Value.GetProperty("sha256").GetString(),
                        Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
                }
            }
        }
        finally
        {
            _ = Sys.Umount(tree.Upper, 0);
        }
    }
}
