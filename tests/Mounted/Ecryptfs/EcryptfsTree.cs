using System.Diagnostics;
using System.Text.Json;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Ecryptfs;

/// <summary>
/// An eCryptfs lower tree in a temporary directory, made by the kernel module or empty, mounted by a process of its own.
/// </summary>
internal sealed class EcryptfsTree : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _base = Directory.CreateTempSubdirectory("stackfs-ecryptfs-").FullName;
    private readonly string _key;
    private Process? _server;

    /// <summary>Unpacks a tree that the kernel module made.</summary>
    internal EcryptfsTree(string fixture)
    {
        Run("tar", "--xattrs", "--xattrs-include=user.*", "--numeric-owner", "-C", _base, "-xzf",
            Path.Combine(Home!, fixture + ".tar.gz"));
        Manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Home!, fixture + ".json"))).RootElement;
        Lower = Path.Combine(_base, Manifest.GetProperty("lower_dir").GetString()!);
        JsonElement key = Manifest.GetProperty("keys")[0];
        if (key.TryGetProperty("pem", out JsonElement pem))
        {
            string file = Secret("key.pem", pem.GetString()!);
            string passwords = Secret("pass", "openssl_passwd=" + key.GetProperty("passwd").GetString());
            _key = $"openssl:keyfile={file}:passwd_file={passwords}";
        }
        else
        {
            _key = "passphrase:passphrase_passwd_file="
                + Secret("pass", "passphrase_passwd=" + key.GetProperty("passphrase").GetString() + "\n");
        }

        Upper = Directory.CreateDirectory(Path.Combine(_base, "upper")).FullName;
    }

    /// <summary>Makes an empty tree.</summary>
    internal EcryptfsTree()
    {
        Lower = Directory.CreateDirectory(Path.Combine(_base, "lower")).FullName;
        Upper = Directory.CreateDirectory(Path.Combine(_base, "upper")).FullName;
        _key = "passphrase:passfile=" + Secret("pass", "a new tree");
    }

    internal static string? Home { get; } = FindHome();

    internal static TheoryData<string> Fixtures =>
        [.. Home is null ? [] : Directory.GetFiles(Home, "*.json").Select(static path => Path.GetFileNameWithoutExtension(path)!)];

    internal JsonElement Manifest { get; }

    internal string Lower { get; }

    internal string Upper { get; }

    internal string PassFile => Path.Combine(_base, "pass");

    internal string Base => _base;

    /// <summary>The KEYSPEC of the tree's first key.</summary>
    internal string Key => _key;

    /// <summary>The options with which the kernel module mounted it.</summary>
    internal string OriginalOptions
    {
        get
        {
            JsonElement mount = Manifest.GetProperty("mount");
            string options = $"ecryptfs_cipher=aes,ecryptfs_key_bytes={mount.GetProperty("key_bytes").GetInt32()}";
            if (mount.GetProperty("filename_crypto").GetBoolean())
            {
                int last = Manifest.GetProperty("keys").GetArrayLength() - 1;
                options += ",ecryptfs_enable_filename_crypto=y,ecryptfs_fnek_sig="
                    + Manifest.GetProperty("keys")[last].GetProperty("sig").GetString();
            }

            return mount.GetProperty("xattr_metadata").GetBoolean() ? options + ",ecryptfs_xattr" : options;
        }
    }

    /// <summary>Mounts it and waits until the kernel lists it.</summary>
    internal void Mount(string options) => MountAll($"format=ecryptfs,no_sig_cache,key={_key},{options}");

    /// <summary>Makes a volume of the lower directory, whose files stay.</summary>
    internal void MakeVolume()
    {
        (int code, string output) = TestMount.Run(
            Target.StackFs.Program!, ["init", Lower, "--key", "passphrase:passfile=" + Secret("volume", "of the volume\n")]);
        Assert.True(code == 0, output);
    }

    /// <summary>Mounts that volume; the tree's files beside its own as <paramref name="legacy"/> says, null for not at all.</summary>
    internal void MountVolume(string? legacy) => MountAll(
        $"nokeyring,trust,key=passphrase:passfile={Path.Combine(_base, "volume")}"
        + (legacy is null ? "" : $",legacy={legacy},legacy_key={_key},{OriginalOptions}"));

    /// <summary>Mounts it with just these options.</summary>
    internal void MountAll(string options)
    {
        _server = StartAll(options);
        Stopwatch clock = Stopwatch.StartNew();
        while (!MountTable.Contains(Upper))
        {
            Assert.False(_server.HasExited, "the mount ended: " + (_server.HasExited ? Output(_server) : ""));
            Assert.True(clock.Elapsed < Patience, "no mount");
            Thread.Sleep(5);
        }

        _ = Sys.Stat(Upper + "/.", out _);
    }

    /// <summary>What a mount that must fail says.</summary>
    internal string Refusal(string options, string? key = null)
    {
        using Process server = Start(options, key);
        Assert.True(server.WaitForExit(Patience));
        Assert.NotEqual(0, server.ExitCode);
        return Output(server);
    }

    internal void Unmount()
    {
        Result result = Sys.Umount(Upper, 0);
        for (int i = 0; i < 200 && result.Name == "EBUSY"; i++)
        {
            Thread.Sleep(20);
            result = Sys.Umount(Upper, 0);
        }

        Assert.True(result.Ok, $"umount answered {result}");
        Assert.True(_server!.WaitForExit(Patience), "still running");
        Assert.True(_server.ExitCode == 0, Output(_server));
        _server.Dispose();
        _server = null;
    }

    public void Dispose()
    {
        if (_server is not null)
        {
            _ = Sys.Umount(Upper, 2); // The test has failed already.
            _server.Kill();
            _server.Dispose();
        }

        Directory.Delete(_base, recursive: true);
    }

    private static string? FindHome()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "shared", "fixtures", "ecryptfs");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static string Output(Process server) =>
        server.StandardError.ReadToEnd() + server.StandardOutput.ReadToEnd();

    private string Secret(string name, string content)
    {
        string path = Path.Combine(_base, name);
        File.WriteAllText(path, content);
        Sys.Chmod(path, 0x180);
        return path;
    }

    private Process Start(string options, string? key = null) =>
        StartAll($"format=ecryptfs,no_sig_cache,key={key ?? _key},{options}");

    private Process StartAll(string options)
    {
        Dictionary<string, string> none = [];
        string[] arguments = ["mount", Lower, Upper, "--foreground", "-o", options];
        Process server = Process.Start(Target.Command(Target.StackFs.Program!, arguments, none))!;
        server.StandardInput.Close();
        return server;
    }
}

/// <summary>A theory over the kernel's trees; skipped where they, or what a mount needs, are not at hand.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelTreeTheoryAttribute : TheoryAttribute
{
    public KernelTreeTheoryAttribute() => Skip = Capability.MissingForStackFs
        ?? (EcryptfsTree.Home is null
            ? "the lower trees made by the kernel module (../shared/fixtures/ecryptfs) are not here"
            : null);
}
