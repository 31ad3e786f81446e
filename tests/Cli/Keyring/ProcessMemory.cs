using System.Diagnostics;
using System.Globalization;

namespace StackFs.Tests.Cli.Keyring;

/// <summary>What another process has in its memory; root only.</summary>
internal static class ProcessMemory
{
    private const int ChunkLength = 1 << 20;

    /// <summary>The writable mappings that hold a copy of the secret and could reach swap or a core dump.</summary>
    public static List<string> FindUnprotected(int process, ReadOnlySpan<byte> secret)
    {
        List<string> found = [];
        using FileStream memory = new($"/proc/{process}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        foreach ((string name, long from, long to, bool isProtected) in Mappings(process))
        {
            if (!isProtected && Holds(memory, from, to, secret))
            {
                found.Add(name);
            }
        }

        return found;
    }

    /// <summary>Bytes of mappings that are locked and left out of dumps.</summary>
    public static long ProtectedLength(int process) => Mappings(process).Where(m => m.IsProtected).Sum(m => m.To - m.From);

    /// <summary>Has gdb's gcore write a core dump, as only root can, and looks for the secret in it.</summary>
    public static bool IsInCoreDump(int process, ReadOnlySpan<byte> secret)
    {
        string directory = Directory.CreateTempSubdirectory("stackfs-core-").FullName;
        try
        {
            using Process gcore = Process.Start(new ProcessStartInfo("gcore", ["-o", Path.Combine(directory, "core"), $"{process}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            gcore.OutputDataReceived += (_, _) => { };
            gcore.ErrorDataReceived += (_, _) => { };
            gcore.BeginOutputReadLine();
            gcore.BeginErrorReadLine();
            Assert.True(gcore.WaitForExit(TimeSpan.FromMinutes(2)));
            string core = Assert.Single(Directory.GetFiles(directory));
            using FileStream stream = File.OpenRead(core);
            Assert.True(stream.Length > ChunkLength);
            return Holds(stream, 0, stream.Length, secret);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static bool Holds(FileStream stream, long from, long to, ReadOnlySpan<byte> secret)
    {
        byte[] chunk = new byte[ChunkLength];
        for (long at = from; at < to; at += ChunkLength - secret.Length)
        {
            stream.Position = at;
            int count;
            try
            {
                count = stream.ReadAtLeast(chunk.AsSpan(0, (int)Math.Min(ChunkLength, to - at)), (int)Math.Min(ChunkLength, to - at), throwOnEndOfStream: false);
            }
            catch (IOException)
            {
                return false; // Not readable, not even for root: memfd_secret, guard pages.
            }

            if (chunk.AsSpan(0, count).IndexOf(secret) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static List<(string Name, long From, long To, bool IsProtected)> Mappings(int process)
    {
        List<(string, long, long, bool)> all = [];
        (string Name, long From, long To) current = ("", 0, 0);
        foreach (string line in File.ReadLines($"/proc/{process}/smaps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] ends = words[0].Split('-');
            if (ends.Length == 2 && words[1].Length == 4)
            {
                current = (
                    words[1].StartsWith("rw", StringComparison.Ordinal) ? line : "",
                    long.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    long.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            }
            else if (words[0] == "VmFlags:" && current.Name.Length > 0)
            {
                all.Add((current.Name, current.From, current.To, words.Contains("lo") && words.Contains("dd")));
            }
        }

        return all;
    }
}
