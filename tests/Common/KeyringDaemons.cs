using System.Diagnostics;
using System.Globalization;
using Mono.Unix.Native;

namespace StackFs.Tests.Common;

/// <summary>Finds and ends keyring daemons that a test's commands have started, by the lock that each holds.</summary>
public static class KeyringDaemons
{
    /// <summary>The process whose keyring is in that directory; null where none runs.</summary>
    public static int? FindIn(string directory)
    {
        if (Syscall.stat(Path.Combine(directory, "keyring.lock"), out Stat status) != 0)
        {
            return null;
        }

        // "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF"
        foreach (string line in File.ReadLines("/proc/locks"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 5 && words[1] == "FLOCK"
                && words[5].EndsWith(string.Create(CultureInfo.InvariantCulture, $":{status.st_ino}"), StringComparison.Ordinal)
                && int.TryParse(words[4], CultureInfo.InvariantCulture, out int process) && process > 0)
            {
                return process;
            }
        }

        return null;
    }

    /// <summary>Ends the daemon in a directory, if one runs, and waits until it has.</summary>
    public static void EndIn(string directory)
    {
        if (FindIn(directory) is int number)
        {
            try
            {
                using Process process = Process.GetProcessById(number);
                _ = Syscall.kill(number, Signum.SIGTERM); // ESRCH: it has ended by itself.
                process.WaitForExit(TimeSpan.FromSeconds(10));
            }
            catch (ArgumentException)
            {
                // It has ended by itself.
            }
        }
    }
}
