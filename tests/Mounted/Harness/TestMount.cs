using System.Diagnostics;
using System.Text;
using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Harness;

/// <summary>
/// A volume in a temporary directory, its mount served by a process of its own, and beside the lower directory a
/// plain one on the same filesystem to compare with. Disposing unmounts, and fails the test when anything is left.
/// </summary>
internal sealed class TestMount : IDisposable
{
    /// <summary>The longest a mount or an unmount may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly StringBuilder _errors = new();
    private readonly string _base;
    private readonly string _options;
    private readonly uint? _user;
    private readonly bool _isGuest;
    private readonly bool _keyring;
    private Process? _daemon;

    /// <param name="over">The mount covers its own lower directory.</param>
    /// <param name="user">Who makes the volume and mounts it, with fusermount3.</param>
    /// <param name="keyring">The key is the keyring's, of a daemon that is this mount's alone.</param>
    private TestMount(string parent, string options, bool over, uint? user, bool keyring)
    {
        _user = user;
        _keyring = keyring;
        _options = options;
        _base = Path.Combine(parent, $"stackfs-test-{Environment.ProcessId}-{Guid.NewGuid():N}"[..40]);
        Lower = Path.Combine(_base, "lower");
        Plain = Path.Combine(_base, "plain");
        Upper = over || Target.Current == Target.Bare ? Lower : Path.Combine(_base, "upper");
        PassFile = Path.Combine(_base, "pass");
        foreach (string directory in new[] { Lower, Plain, Upper })
        {
            Directory.CreateDirectory(directory);
        }

        // Rows that act as another user must reach both sides.
        foreach (string directory in new[] { _base, Lower, Plain, Upper })
        {
            Sys.Chmod(directory, 0x1ED);
        }

        File.WriteAllText(PassFile, "correct horse battery staple\n");
        Sys.Chmod(PassFile, 0x180);
        foreach (string path in new[] { _base, Lower, Plain, Upper, PassFile })
        {
            Sys.Chown(path, user ?? 0, user ?? 0);
        }
    }

    /// <summary>A mount point of its own over the lower directory of <paramref name="host"/>, which it must not outlive.</summary>
    private TestMount(TestMount host, string options)
    {
        _isGuest = true;
        _user = host._user;
        _options = options;
        _base = host._base;
        (Lower, Plain, PassFile) = (host.Lower, host.Plain, host.PassFile);
        Upper = Path.Combine(_base, $"upper-{Guid.NewGuid():N}"[..20]);
        Directory.CreateDirectory(Upper);
        Sys.Chmod(Upper, 0x1ED);
        Sys.Chown(Upper, _user ?? 0, _user ?? 0);
    }

    /// <summary>The mounted directory.</summary>
    public string Upper { get; }

    /// <summary>What is stored.</summary>
    public string Lower { get; }

    /// <summary>An ordinary directory on the lower directory's filesystem.</summary>
    public string Plain { get; }

    public string PassFile { get; }

    /// <summary>What the serving process wrote to standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>The serving process, while it runs.</summary>
    public int ProcessId => _daemon?.Id ?? throw new InvalidOperationException("nothing is mounted");

    private IReadOnlyDictionary<string, string> Values => new Dictionary<string, string>
    {
        ["lower"] = Lower,
        ["upper"] = Upper,
        ["passfile"] = PassFile,
        ["key"] = _keyring ? "trust" : $"nokeyring,key=passphrase:passfile={PassFile}",
        ["options"] = _options,
        ["home"] = _base,
    };

    /// <summary>Makes a volume and mounts it.</summary>
    /// <param name="options">Further mount options, separated by commas.</param>
    /// <param name="parent">Where the directories go; by default STACKFS_TEST_DIR or the temporary directory.</param>
    /// <param name="over">Whether the mount covers its own lower directory.</param>
    /// <param name="start">Whether to mount already.</param>
    /// <param name="user">Who makes and mounts it instead of root; only that user can look into it then.</param>
    /// <param name="keyring">It is mounted by way of the keyring, which holds its key already.</param>
    public static TestMount Create(
        string options = "allow_other", string? parent = null, bool over = false, bool start = true, uint? user = null, bool keyring = false)
    {
        TestMount mount = new(parent ?? Environment.GetEnvironmentVariable("STACKFS_TEST_DIR") ?? Path.GetTempPath().TrimEnd('/'), options, over, user, keyring);
        try
        {
            if (Target.Current.Program is { } program)
            {
                (int code, string errors) = Run(program, Target.Current.Init, mount.Values, user);
                Assert.True(code == 0, $"init answered {code}: {errors}");
            }

            if (keyring)
            {
                mount.AddKey();
            }

            if (start)
            {
                mount.Mount();
            }

            return mount;
        }
        catch
        {
            mount.CleanUp();
            throw;
        }
    }

    /// <summary>Mounts the same lower directory once more, elsewhere; to be disposed before this mount is.</summary>
    public TestMount Beside(string options, bool start = true)
    {
        TestMount guest = new(this, options);
        if (start)
        {
            guest.Mount();
        }

        return guest;
    }

    /// <summary>Tries to mount, which is expected to fail: the exit code, and what was said.</summary>
    public (int Code, string Errors) TryMount() => Run(Target.Current.Program!, Target.Current.Mount, Values, _user);

    /// <summary>Runs the program under test to its end, within the time a command may take.</summary>
    public static (int Code, string Errors) Run(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? values = null, uint? user = null)
    {
        using Process process = Process.Start(Target.Command(program, arguments, values ?? new Dictionary<string, string>(), user))!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            Assert.Fail($"{program} did not end in {Patience.TotalSeconds} s");
        }

        return (process.ExitCode, errors.Result + output.Result);
    }

    /// <summary>Mounts the volume and waits until the kernel lists it.</summary>
    public void Mount()
    {
        if (Target.Current.Program is not { } program)
        {
            return;
        }

        Process daemon = new() { StartInfo = Target.Command(program, Target.Current.Mount, Values, _user) };
        daemon.ErrorDataReceived += Collect;
        daemon.OutputDataReceived += Collect;
        daemon.Start();
        daemon.StandardInput.Close();
        daemon.BeginErrorReadLine();
        daemon.BeginOutputReadLine();
        _daemon = daemon;
        Stopwatch clock = Stopwatch.StartNew();
        while (!MountTable.Contains(Upper))
        {
            Assert.False(daemon.HasExited, $"the mount ended before it was up: {Describe()}");
            Assert.True(clock.Elapsed < Patience, $"no mount after {Patience.TotalSeconds} s: {Describe()}");
            Thread.Sleep(5);
        }

        // Answered when the mount serves requests; what it answers does not matter, another user is refused.
        _ = Sys.Stat(Upper + "/.", out _);
    }

    /// <summary>The directory of the keyring that the commands of this mount use.</summary>
    public string KeyringDirectory => Path.Combine(_base, "keyring");

    /// <summary>Runs the program under test with this mount's home and keyring.</summary>
    public (int Code, string Output) Command(params string[] arguments) =>
        Run(Target.Current.Program!, arguments, Values, _user);

    /// <summary>Puts the volume's key into the keyring, from its passphrase.</summary>
    public void AddKey()
    {
        (int code, string output) = Command("keys", "add", "{lower}", "--key", "passphrase:passfile={passfile}", "--trust");
        Assert.True(code == 0, $"keys add answered {code}: {output}");
    }

    /// <summary>Takes all keys away; returns when every mount has given them back.</summary>
    public void TakeKeys()
    {
        (int code, string output) = Command("keys", "clear");
        Assert.True(code == 0, $"keys clear answered {code}: {output}");
    }

    /// <summary>What the serving process says of itself: a field of its status.</summary>
    public string Status(string field)
    {
        (int code, string output) = Command("status", "{upper}");
        Assert.True(code == 0, $"status answered {code}: {output}");
        string line = output.Split('\n').First(l => l.StartsWith(field + ' ', StringComparison.Ordinal));
        return line[field.Length..].Trim();
    }

    /// <summary>Waits until a field of the status is that.</summary>
    public void WaitForStatus(string field, string value, int seconds)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (Status(field) != value)
        {
            Assert.True(clock.Elapsed.TotalSeconds < seconds, $"{field} is {Status(field)}, not {value}, after {seconds} s; {Describe()}");
            Thread.Sleep(50);
        }
    }

    /// <summary>Unmounts; the serving process must end by itself, with exit code 0 and no complaint.</summary>
    public void Unmount()
    {
        if (_daemon is null)
        {
            return;
        }

        Result result = Sys.Umount(Upper, 0);
        for (int i = 0; i < 100 && result.Name == "EBUSY"; i++)
        {
            Thread.Sleep(20);
            result = Sys.Umount(Upper, 0);
        }

        Assert.True(result.Ok, $"umount answered {result}; {Describe()}");
        WaitForEnd();
    }

    /// <summary>Asks the serving process to stop, as systemd does; it must unmount, and end with exit code 0.</summary>
    public void Stop()
    {
        Sys.Kill(ProcessId, Sys.SIGTERM);
        WaitForEnd();
        Assert.False(MountTable.Contains(Upper), "still mounted after SIGTERM");
    }

    /// <summary>Waits for the serving process, which somebody else unmounted; it must end with exit code 0.</summary>
    public void WaitForEnd()
    {
        Process daemon = _daemon ?? throw new InvalidOperationException("nothing is mounted");
        Assert.True(daemon.WaitForExit(Patience), $"still running; {Describe()}");
        daemon.WaitForExit();
        Assert.True(daemon.ExitCode == 0, $"exit code {daemon.ExitCode}; {Describe()}");
        _daemon = null;
        daemon.Dispose();
    }

    /// <summary>The lower files, with their paths below <see cref="Lower"/>, without the volume's configuration.</summary>
    public string[] LowerFiles() =>
        [.. Directory.EnumerateFiles(Lower, "*", SearchOption.AllDirectories).Where(f => !Path.GetFileName(f).StartsWith("stackfs.conf", StringComparison.Ordinal))];

    /// <summary>Unmounts and mounts again, so that nothing the kernel or the program remembers can help.</summary>
    public void Remount()
    {
        Unmount();
        Mount();
    }

    /// <summary>Ends the serving process as a crash would, and removes what is left of the mount.</summary>
    public void Kill()
    {
        if (_daemon is not { } daemon)
        {
            return;
        }

        Sys.Kill(daemon.Id, Sys.SIGKILL);
        daemon.WaitForExit();
        Detach();
        _daemon = null;
        daemon.Dispose();
    }

    /// <summary>Ends the connection, so that every call waiting for an answer gets one.</summary>
    public void Abort()
    {
        if (_daemon is not null && MountTable.Connection(Upper) is { } connection)
        {
            string abort = $"/sys/fs/fuse/connections/{connection}/abort";
            if (File.Exists(abort))
            {
                File.WriteAllText(abort, "1");
            }
        }

        Kill();
    }

    /// <summary>The state of the serving process, for a failure's message.</summary>
    public string Describe()
    {
        string state = _daemon is null ? "not mounted" : _daemon.HasExited ? $"the process ended with {_daemon.ExitCode}" : "the process runs";
        return $"{state}; its output: {Errors.Trim()}";
    }

    /// <summary>Resident memory of the serving process, in bytes.</summary>
    public long ResidentBytes()
    {
        string line = File.ReadLines($"/proc/{ProcessId}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>How many descriptors the serving process holds.</summary>
    public int Descriptors() => Directory.GetFileSystemEntries($"/proc/{ProcessId}/fd").Length;

    public void Dispose()
    {
        try
        {
            Unmount();
        }
        catch
        {
            CleanUp();
            throw;
        }

        string[] left = CleanUp();
        Assert.True(left.Length == 0, $"left mounted: {string.Join(' ', left)}");
    }

    /// <summary>Removes whatever is left, and returns the mounts that were.</summary>
    private string[] CleanUp()
    {
        if (_isGuest)
        {
            Kill();
            Detach();
            return [];
        }

        string[] left = MountTable.Below(_base);
        Kill();
        Detach();
        foreach (string mount in MountTable.Below(_base))
        {
            Sys.Umount(mount, Sys.MNT_DETACH);
        }

        KeyringDaemons.EndIn(KeyringDirectory);

        // Not Directory.Delete: names here need not be UTF-8.
        Process.Start("rm", ["-rf", "--one-file-system", "--", _base]).WaitForExit();
        return left;
    }

    private void Detach()
    {
        if (Target.Current != Target.Bare)
        {
            while (MountTable.Contains(Upper) && Sys.Umount(Upper, Sys.MNT_DETACH).Ok)
            {
            }
        }
    }

    private void Collect(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        }
    }
}
