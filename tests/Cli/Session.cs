using System.Diagnostics;
using System.Text.RegularExpressions;
using StackFs.Tests.Common;

namespace StackFs.Tests.Cli;

/// <summary>
/// Runs a transcript's commands in one shell, in a directory of its own, with its own list of known volumes, without a
/// terminal.
/// </summary>
internal sealed partial class Session : IDisposable
{
    /// <summary>A whole transcript must be done in this time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("stackfs-cli-").FullName;
    private readonly string _mark = Guid.NewGuid().ToString("N");

    /// <summary>What each command showed, its exit code last where it is not 0.</summary>
    public List<IReadOnlyList<string>> Run(Transcript transcript)
    {
        string work = Path.Combine(_directory, "work");
        Directory.CreateDirectory(work);
        File.SetUnixFileMode(_directory, (UnixFileMode)0b111_101_101);
        string script = Path.Combine(_directory, "script");
        File.WriteAllText(script, Script(transcript));

        bool ownNamespace = transcript.Needs.Contains("user") || transcript.Needs.Contains("helper");
        ProcessStartInfo start = new("setsid") { RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = work };
        foreach (string argument in (string[])(ownNamespace ? ["--wait", "unshare", "--mount", "sh", script] : ["--wait", "sh", script]))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PATH"] = Links() + ":" + Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        start.Environment["HOME"] = work;
        start.Environment["STACKFS_CONFIG_DIR"] = Path.Combine(_directory, "config");
        start.Environment["STACKFS_KEYRING_DIR"] = KeyringDirectory;
        start.Environment["LC_ALL"] = "C";
        start.Environment["STACKFS_ABORT_ON_BUG"] = "1";
        start.Environment.Remove("XDG_RUNTIME_DIR");
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience) || !output.Wait(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{transcript.Name} did not end in {Patience.TotalSeconds} s; so far:\n{(output.IsCompleted ? output.Result : "")}");
        }

        return Split(output.Result);
    }

    private string KeyringDirectory => Path.Combine(_directory, "keyring");

    /// <summary>Unmounts what a failed transcript left, ends its keyring daemons, and removes the directory.</summary>
    public void Dispose()
    {
        string[] left = [.. File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' ')[4])
            .Where(m => m.StartsWith(_directory + "/", StringComparison.Ordinal)).Reverse()];
        foreach (string mountpoint in left)
        {
            using Process umount = Process.Start("umount", ["-l", mountpoint]);
            umount.WaitForExit();
        }

        foreach (string held in Directory.EnumerateFiles(_directory, "keyring.lock", SearchOption.AllDirectories))
        {
            KeyringDaemons.EndIn(Path.GetDirectoryName(held)!);
        }

        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>A directory with the executable under each of its names.</summary>
    private string Links()
    {
        string bin = Path.Combine(_directory, "bin");
        Directory.CreateDirectory(bin);
        foreach (string name in (string[])["stackfs", "stackfs-keyringd", "mount.stackfs", "umount.stackfs", "mount.fuse.stackfs", "umount.fuse.stackfs"])
        {
            File.CreateSymbolicLink(Path.Combine(bin, name), Machine.Executable);
        }

        return bin;
    }

    private string Script(Transcript transcript)
    {
        List<string> lines = ["exec 2>&1", "umask 022"];
        if (transcript.Needs.Contains("user"))
        {
            lines.AddRange(UserPrelude);
        }

        if (transcript.Needs.Contains("helper"))
        {
            lines.AddRange(HelperPrelude);
        }

        foreach (Transcript.Step step in transcript.Steps)
        {
            lines.Add(step.Command);
            lines.Add($"printf '%s %d\\n' {_mark} $?");
        }

        return string.Join('\n', lines) + "\n";
    }

    /// <summary>
    /// In the transcript's own mount namespace everybody may open /dev/fuse, as on an installed Debian, where udev sees
    /// to it. <c>as_user COMMAND...</c> runs one as nobody.
    /// </summary>
    private static readonly string[] UserPrelude =
    [
        "mknod ../fuse c 10 229 && chmod 666 ../fuse && mount --bind ../fuse /dev/fuse",
        "chown 65534:65534 .",
        "mkdir -m 700 ../keyring-user && chown 65534:65534 ../keyring-user",
        "as_user() { STACKFS_KEYRING_DIR=$STACKFS_KEYRING_DIR-user setpriv --reuid=65534 --regid=65534 --clear-groups -- \"$@\"; }",
    ];

    /// <summary>mount(8) looks for helpers in /sbin alone, whatever PATH says: there a copy of it with ours added.</summary>
    private static readonly string[] HelperPrelude =
    [
        "mkdir ../sbin && cp -a /usr/sbin/. ../sbin && cp -a ../bin/. ../sbin && mount --bind ../sbin /usr/sbin",
        "[ /sbin -ef /usr/sbin ] || mount --bind ../sbin /sbin",
    ];

    private List<IReadOnlyList<string>> Split(string output)
    {
        List<IReadOnlyList<string>> steps = [];
        List<string> lines = [];
        foreach (string line in output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            int mark = line.IndexOf(_mark, StringComparison.Ordinal);
            if (mark < 0)
            {
                lines.Add(Normalise(line));
                continue;
            }

            if (mark > 0)
            {
                lines.Add(Normalise(line[..mark])); // Output without a newline at its end.
            }

            string code = line[(mark + _mark.Length + 1)..];
            if (code != "0")
            {
                lines.Add($"[{code}]");
            }

            steps.Add(lines);
            lines = [];
        }

        return steps;
    }

    private string Normalise(string line) =>
        SignatureText().Replace(line.TrimEnd().Replace(Path.Combine(_directory, "work"), "<DIR>", StringComparison.Ordinal), "<SIG>");

    [GeneratedRegex(@"\b[0-9a-f]{16}\b")]
    private static partial Regex SignatureText();
}
