using System.Diagnostics;
using System.Globalization;
using StackFs.Tests.Common;

namespace StackFs.Benchmarks;

/// <summary>A filesystem to measure: how to make one of {lower} and to mount it on {mnt} in the foreground.</summary>
/// <param name="Name">Its column in the table.</param>
/// <param name="Init">A shell command, or empty; {pass} is a passphrase file.</param>
/// <param name="Mount">A shell command, or empty for the plain directory.</param>
internal sealed record Contestant(string Name, string Init, string Mount)
{
    /// <summary>The reference of every ratio.</summary>
    public static Contestant Bare { get; } = new("bare", "", "");

    /// <summary>Those that this machine has.</summary>
    public static IEnumerable<Contestant> Known()
    {
        yield return Bare;
        if (ProgramFile.FindStackFs() is { } stackfs)
        {
            yield return new("stackfs", $"'{stackfs}' init {{lower}} --key passphrase:passfile={{pass}}", $"exec '{stackfs}' mount {{lower}} {{mnt}} --foreground -o key=passphrase:passfile={{pass}}");
        }

        if (ProgramFile.FindOnPath("gocryptfs") is { } gocryptfs)
        {
            yield return new("gocryptfs", $"{gocryptfs} -init -q -passfile {{pass}} {{lower}}", $"exec {gocryptfs} -fg -q -passfile {{pass}} {{lower}} {{mnt}}");
        }
    }
}

/// <summary>One contestant's directories, and its mount while there is one.</summary>
internal sealed class Stage : IDisposable
{
    private readonly Contestant _contestant;
    private readonly string _base;
    private Process? _daemon;
    private double _cpuBefore;

    public Stage(Contestant contestant, string parent)
    {
        _contestant = contestant;
        _base = Path.Combine(parent, $"stackfs-bench-{Environment.ProcessId}-{contestant.Name}");
        Lower = _base + "/lower";
        Upper = contestant.Mount.Length == 0 ? Lower : _base + "/mnt";
        Directory.CreateDirectory(Lower);
        Directory.CreateDirectory(Upper);
        File.WriteAllText(_base + "/pass", "benchmark passphrase\n");
        Sys.Chmod(_base + "/pass", 0x180);
        if (contestant.Init.Length > 0)
        {
            using Process init = Start(contestant.Init);
            init.WaitForExit();
            if (init.ExitCode != 0)
            {
                throw new InvalidOperationException($"{contestant.Name}: init answered {init.ExitCode}");
            }
        }
    }

    public string Upper { get; }

    public string Lower { get; }

    /// <summary>Milliseconds from the command to the first answer of the last mount.</summary>
    public double MountMilliseconds { get; private set; }

    /// <summary>The greatest resident memory of the serving process so far, in MiB.</summary>
    public double PeakMiB { get; private set; }

    /// <summary>Processor seconds the serving processes used.</summary>
    public double CpuSeconds => _cpuBefore + (_daemon is null ? 0 : Cpu(_daemon));

    public void Mount()
    {
        if (_contestant.Mount.Length == 0)
        {
            return;
        }

        Stopwatch clock = Stopwatch.StartNew();
        _daemon = Start(_contestant.Mount);
        while (!MountTable.Contains(Upper))
        {
            if (_daemon.HasExited || clock.Elapsed.TotalSeconds > 60)
            {
                throw new InvalidOperationException($"{_contestant.Name}: did not mount");
            }

            Thread.Sleep(1);
        }

        Sys.Stat(Upper + "/.", out _);
        MountMilliseconds = clock.Elapsed.TotalMilliseconds;
    }

    public void Unmount()
    {
        if (_daemon is not { } daemon)
        {
            return;
        }

        PeakMiB = Math.Max(PeakMiB, Peak(daemon));
        _cpuBefore += Cpu(daemon);
        for (int i = 0; i < 200 && Sys.Umount(Upper, 0).Name == "EBUSY"; i++)
        {
            Thread.Sleep(10);
        }

        Sys.Umount(Upper, Sys.MNT_DETACH);
        if (!daemon.WaitForExit(20000))
        {
            daemon.Kill();
        }

        daemon.Dispose();
        _daemon = null;
    }

    /// <summary>Forgets what is cached: a new mount, and the kernel's caches where permitted.</summary>
    public void Cool()
    {
        Unmount();
        using (Process sync = Start("sync"))
        {
            sync.WaitForExit();
        }

        File.WriteAllText("/proc/sys/vm/drop_caches", "3");
        Mount();
    }

    public void Dispose()
    {
        Unmount();
        using Process rm = Process.Start("rm", ["-rf", "--one-file-system", "--", _base]);
        rm.WaitForExit();
    }

    private Process Start(string command)
    {
        string filled = command
            .Replace("{lower}", Lower, StringComparison.Ordinal)
            .Replace("{mnt}", Upper, StringComparison.Ordinal)
            .Replace("{pass}", _base + "/pass", StringComparison.Ordinal);
        ProcessStartInfo start = new("/bin/sh", ["-c", filled]) { RedirectStandardInput = true };
        start.Environment["HOME"] = _base;
        start.Environment["STACKFS_CONFIG_DIR"] = _base + "/config";
        start.Environment.Remove("XDG_CONFIG_HOME");
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static double Cpu(Process process)
    {
        process.Refresh();
        return process.HasExited ? 0 : process.TotalProcessorTime.TotalSeconds;
    }

    private static double Peak(Process process)
    {
        string? line = process.HasExited ? null : File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
