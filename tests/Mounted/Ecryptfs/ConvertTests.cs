using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Mono.Unix;
using Mono.Unix.Native;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Ecryptfs;

/// <summary>The kernel's trees turned into volumes, beside themselves and in place, with kills on the way.</summary>
public class ConvertTests
{
    private const string KillSwitch = "STACKFS_CONVERT_KILL_AT";

    private static string Program => Target.StackFs.Program!;

    private static bool IsLong => Environment.GetEnvironmentVariable("STACKFS_LONG") == "1";

    [KernelTreeTheory]
    [InlineData("aes32-fnek")]
    [InlineData("aes16-xattr")]
    public void A_copy_has_everything_and_the_original_stays(string fixture)
    {
        using EcryptfsTree tree = new(fixture);
        string copy = Path.Combine(tree.Base, "copy");
        SortedDictionary<string, string> before = Prepare(tree);
        SortedDictionary<string, string> below = Snapshot(tree.Lower);
        (int code, string output) = TestMount.Run(Program, Arguments(tree, copy, "--dry-run"));
        Assert.True(code == 0 && output.Contains("would convert", StringComparison.Ordinal), output);
        Assert.False(Directory.Exists(copy));
        Assert.Equal(below, Snapshot(tree.Lower));
        (code, output) = TestMount.Run(Program, Arguments(tree, copy));
        Assert.True(code == 0, output);
        Assert.Equal(below, Snapshot(tree.Lower));
        Assert.Equal(before, Upper(tree, copy, null));
    }

    [KernelTreeTheory]
    [InlineData("aes32-fnek")]
    [InlineData("aes16-xattr")]
    public void Killed_before_any_change_it_goes_on_and_ends_with_everything(string fixture)
    {
        using EcryptfsTree original = new(fixture);
        SortedDictionary<string, string> before = Prepare(original);
        int seed = Random.Shared.Next();
        Random random = new(seed);
        int step = 1;
        for (bool wasKilled = true; wasKilled; step += IsLong ? 1 : random.Next(1, 60))
        {
            using EcryptfsTree tree = new(fixture);
            _ = Prepare(tree);
            wasKilled = RunKilled(tree, step);
            if (wasKilled && step % 4 == 0)
            {
                SortedDictionary<string, string> halfway = Upper(tree, tree.Lower, "read");
                Assert.True(Files(before).SequenceEqual(Files(halfway)), $"step {step}: {Difference(before, halfway)}");
            }

            if (wasKilled && step % 2 == 0)
            {
                _ = RunKilled(tree, random.Next(1, 30));
            }

            Assert.DoesNotContain(File.ReadAllLines("/proc/self/mountinfo"), line => line.Contains(tree.Base, StringComparison.Ordinal));
            if (wasKilled)
            {
                (int code, string output) = TestMount.Run(Program, Arguments(tree, null));
                Assert.True(code == 0, $"step {step}, seed {seed}: {output}");
            }

            SortedDictionary<string, string> after = Upper(tree, tree.Lower, null);
            Assert.True(before.SequenceEqual(after), $"step {step}, seed {seed}: {Difference(before, after)}");
            Assert.DoesNotContain(
                Directory.EnumerateFileSystemEntries(tree.Lower, "*", SearchOption.AllDirectories),
                static path => path.Contains("ECRYPTFS", StringComparison.Ordinal) || path.Contains(".convert", StringComparison.Ordinal));
        }

        Assert.True(step > 50, "the tree took too few steps to be a test");
    }

    [KernelTreeTheory]
    [InlineData("aes16")]
    public void Killed_by_the_clock_too(string fixture)
    {
        using EcryptfsTree tree = new(fixture);
        SortedDictionary<string, string> before = Prepare(tree);
        foreach (int delay in new[] { 500, 800, 1000, 1200, 1500 })
        {
            using Process process = Start(tree, null);
            if (!process.WaitForExit(delay))
            {
                process.Kill();
                process.WaitForExit();
            }
        }

        (int code, string output) = TestMount.Run(Program, Arguments(tree, null));
        Assert.True(code == 0, output);
        SortedDictionary<string, string> after = Upper(tree, tree.Lower, null);
        Assert.True(before.SequenceEqual(after), Difference(before, after));
    }

    [KernelTreeTheory]
    [InlineData("aes32-fnek")]
    public void With_a_wrong_key_or_while_it_is_mounted_nothing_is_changed(string fixture)
    {
        using EcryptfsTree tree = new(fixture);
        _ = Prepare(tree);
        SortedDictionary<string, string> below = Snapshot(tree.Lower);
        string wrong = Path.Combine(tree.Base, "wrong");
        File.WriteAllText(wrong, "not it\n");
        string[] arguments = [.. Arguments(tree, null).Select(argument => argument.Replace(tree.PassFile, wrong, StringComparison.Ordinal))];
        (int code, string output) = TestMount.Run(Program, [.. arguments.Where(static argument => !argument.Contains("fnek_sig", StringComparison.Ordinal)), "ecryptfs_enable_filename_crypto=y,ecryptfs_key_bytes=32"]);
        Assert.True(code == 7 && output.Contains("the passphrase may be wrong", StringComparison.Ordinal), $"{code}: {output}");
        Assert.Equal(below, Snapshot(tree.Lower));

        tree.Mount(tree.OriginalOptions);
        (code, output) = TestMount.Run(Program, Arguments(tree, null));
        Assert.True(code == 11 && output.Contains("unmount it first", StringComparison.Ordinal), $"{code}: {output}");
        tree.Unmount();
        Assert.Equal(below, Snapshot(tree.Lower));
    }

    /// <summary>Gives the tree what fixtures do not have, and says what is in it.</summary>
    private static SortedDictionary<string, string> Prepare(EcryptfsTree tree)
    {
        bool hasPlain = tree.Manifest.TryGetProperty("plaintext_in_lower", out JsonElement plaintext);
        foreach (JsonProperty plain in hasPlain ? plaintext.EnumerateObject() : default)
        {
            File.Delete(Path.Combine(tree.Lower, plain.Name)); // Not eCryptfs's; it would stay as it is.
        }

        tree.Mount(tree.OriginalOptions);
        foreach (string path in Directory.EnumerateFileSystemEntries(tree.Upper))
        {
            _ = Syscall.lsetxattr(path, "user.of the tree", "a value"u8.ToArray()); // Links and the like have none.
        }

        string changed = Path.Combine(tree.Upper, "owned");
        File.WriteAllText(changed, "by somebody else");
        Assert.Equal(0, Syscall.chown(changed, 1234, 5678));
        Assert.Equal(0, Syscall.chmod(changed, (FilePermissions)0x800 | FilePermissions.S_IRUSR));
        Timespec[] times = [new() { tv_sec = 1_000_000_000, tv_nsec = 123_456_789 }, new() { tv_sec = 1_000_000_001, tv_nsec = 987_654_321 }];
        Assert.Equal(0, Syscall.utimensat(Syscall.AT_FDCWD, changed, times, 0));
        Assert.Equal(0, Syscall.utimensat(Syscall.AT_FDCWD, tree.Upper, times, 0));
        SortedDictionary<string, string> found = Snapshot(tree.Upper);
        tree.Unmount();
        return found;
    }

    private static SortedDictionary<string, string> Upper(EcryptfsTree tree, string volume, string? legacy)
    {
        string options = $"nokeyring,passfile={tree.PassFile},trust"
            + (legacy is null ? "" : $",legacy={legacy},legacy_key={tree.Key},{tree.OriginalOptions}");
        (int code, string output) = TestMount.Run(Program, ["mount", volume, tree.Upper, "-o", options]);
        Assert.True(code == 0, output);
        try
        {
            return Snapshot(tree.Upper);
        }
        finally
        {
            (code, output) = TestMount.Run(Program, ["umount", tree.Upper]);
            Assert.True(code == 0, output);
        }
    }

    /// <summary>Everything about every entry that a conversion keeps.</summary>
    private static SortedDictionary<string, string> Snapshot(string root)
    {
        SortedDictionary<string, string> found = new(StringComparer.Ordinal);
        foreach (string path in Walk(new DirectoryInfo(root)).Append(root))
        {
            Assert.Equal(0, Syscall.lstat(path, out Stat status));
            FilePermissions type = status.st_mode & FilePermissions.S_IFMT;
            string content = type == FilePermissions.S_IFREG
                ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))
                : type == FilePermissions.S_IFLNK ? UnixPath.ReadLink(path) : "";
            ulong links = type == FilePermissions.S_IFDIR ? 0 : status.st_nlink;
            _ = Syscall.llistxattr(path, out string[] names);
            IEnumerable<string> attributes = (names ?? []).Order(StringComparer.Ordinal).Select(name =>
                Syscall.lgetxattr(path, name, out byte[] value) < 0 ? name : name + "=" + Convert.ToHexString(value));
            found[Path.GetRelativePath(root, path)] =
                $"{(uint)status.st_mode:x} {status.st_uid} {status.st_gid} {(type == FilePermissions.S_IFDIR ? 0 : status.st_size)} {links} "
                + $"{status.st_mtime}.{status.st_mtime_nsec} {content} {string.Join(' ', attributes)}";
        }

        return found;
    }

    // Directories have other times while their entries change, and get theirs back at the end; of a file of several names
    // some are converted and some not.
    private static IEnumerable<(string Path, string Status)> Files(SortedDictionary<string, string> tree) => tree
        .Where(static entry => !entry.Value.StartsWith('4'))
        .Select(static entry => (entry.Key, string.Join(' ', entry.Value.Split(' ').Where(static (_, field) => field != 4))));

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

    private static string Difference(SortedDictionary<string, string> before, SortedDictionary<string, string> after) => string.Join(
        '\n',
        before.Keys.Union(after.Keys).Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key))
            .Select(key => $"{key}: {before.GetValueOrDefault(key)} -> {after.GetValueOrDefault(key)}"));

    private static bool RunKilled(EcryptfsTree tree, int step)
    {
        using Process process = Start(tree, step);
        string output = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode is 0 or 137, output);
        return process.ExitCode == 137;
    }

    private static Process Start(EcryptfsTree tree, int? step)
    {
        Dictionary<string, string> none = [];
        ProcessStartInfo start = Target.Command(Program, Arguments(tree, null), none);
        if (step is { } number)
        {
            start.Environment[KillSwitch] = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static string[] Arguments(EcryptfsTree tree, string? copy, params string[] more) =>
    [
        "convert", tree.Lower, .. copy is null ? Array.Empty<string>() : [copy],
        "--key", tree.Key,
        "--new-key", "passphrase:passfile=" + tree.PassFile, .. more,
        "-o", tree.OriginalOptions,
    ];
}
