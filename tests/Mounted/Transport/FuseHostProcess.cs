using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Transport;

/// <summary>
/// A process that serves a small filesystem in memory over our transport, and its mount point in a temporary directory.
/// Disposing kills it and removes what is left.
/// </summary>
internal sealed class FuseHostProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly BlockingCollection<string> _lines = [];
    private readonly StringBuilder _output = new();
    private readonly string _base;
    private Process? _process;

    public FuseHostProcess(uint? owner = null)
    {
        _base = Path.Combine(Path.GetTempPath(), $"fuse-host-{Guid.NewGuid():N}");
        MountPoint = Path.Combine(_base, "mount point");
        Directory.CreateDirectory(MountPoint);
        Sys.Chmod(_base, 0x1ED);
        if (owner is { } uid)
        {
            Sys.Chown(MountPoint, uid, uid);
        }
    }

    public string MountPoint { get; }

    /// <summary>How requests travel, in the words of the host's <c>--carrier</c>.</summary>
    public string Carrier { get; set; } = OnDeviceAttribute.Carrier;

    /// <summary>The mount point as the mount table writes it.</summary>
    public string ListedAs => MountPoint.Replace(" ", "\\040", StringComparison.Ordinal);

    public bool IsListed => MountTable.Contains(ListedAs);

    public int Id => _process!.Id;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    private static string Assembly =>
        AppContext.BaseDirectory.Replace("/Mounted/", "/FuseHost/", StringComparison.Ordinal) + "StackFs.Tests.FuseHost.dll";

    /// <summary>Starts it, as <paramref name="user"/> when given, and waits until the mount answers.</summary>
    public FuseHostProcess Start(string[]? options = null, uint? user = null, string? environment = null)
    {
        StartWithoutWaiting(options, user, environment);
        WaitFor("ready");
        return this;
    }

    public void StartWithoutWaiting(string[]? options = null, uint? user = null, string? environment = null)
    {
        string dotnet = Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet";
        List<string> command = [dotnet, "exec", Assembly, MountPoint, "--carrier=" + Carrier, .. options ?? []];
        if (user is { } uid)
        {
            command = ["setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", .. command];
        }

        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_CLI_HOME"] = _base;
        start.Environment.Remove("STACKFS_ABORT_ON_BUG");
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        if (environment is not null)
        {
            start.Environment[environment.Split('=')[0]] = environment.Split('=')[1];
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += Collect;
        _process.ErrorDataReceived += Collect;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public void Send(string command, string expected)
    {
        _process!.StandardInput.WriteLine(command);
        WaitFor(expected);
    }

    public void Signal(int signal) => Assert.True(Sys.Kill(Id, signal).Ok);

    /// <summary>Waits for a line; fails with all output when it does not come.</summary>
    public void WaitFor(string line)
    {
        var clock = Stopwatch.StartNew();
        while (_lines.TryTake(out string? next, Patience - clock.Elapsed))
        {
            if (next == line)
            {
                return;
            }
        }

        Assert.Fail($"no '{line}' in: {Output}");
    }

    /// <summary>Waits for the end and returns the exit code.</summary>
    public int WaitForExit()
    {
        Assert.True(_process!.WaitForExit(Patience), $"still running: {Output}");
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <summary>The process must end by itself, in order, leaving no mount.</summary>
    public void AssertEndsWell()
    {
        int code = WaitForExit();
        Assert.True(code == 0, $"exit code {code}: {Output}");
        Assert.Contains("ended\n", Output, StringComparison.Ordinal);
        Assert.Contains("malformed 0\n", Output, StringComparison.Ordinal);
        Assert.Contains("rejected 0\n", Output, StringComparison.Ordinal);
        Assert.False(IsListed);
    }

    public void Dispose()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }

            process.Dispose();
        }

        while (IsListed && Sys.Umount(MountPoint, Sys.MNT_DETACH).Ok)
        {
        }

        Directory.Delete(_base, recursive: true);
        _lines.Dispose();
    }

    private void Collect(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
        {
            return;
        }

        lock (_output)
        {
            _output.Append(line.Data).Append('\n');
        }

        _lines.Add(line.Data);
    }
}
