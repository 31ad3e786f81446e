namespace StackFs.Tests.Common;

/// <summary>Finds the executables that tests and benchmarks run.</summary>
public static class ProgramFile
{
    /// <summary>
    /// The stackfs executable: STACKFS_EXE, else the newer of the published one and this build's, so that a stale one
    /// is never what is tested; null when there is none.
    /// </summary>
    public static string? FindStackFs()
    {
        if (Environment.GetEnvironmentVariable("STACKFS_EXE") is { Length: > 0 } named)
        {
            return File.Exists(named) ? named : throw new InvalidOperationException($"STACKFS_EXE={named}: no such file");
        }

        string configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        string root = FindRoot();
        string[] candidates =
        [
            Path.Combine(root, "artifacts/bin/stackfs"),
            Path.Combine(root, $"tools/stackfs/bin/{configuration}/net10.0/stackfs"),
        ];
        return candidates.Where(File.Exists).OrderByDescending(NewestPart).FirstOrDefault();
    }

    /// <summary>The full path of <paramref name="program"/> on PATH, or null.</summary>
    public static string? FindOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);

    // The executable, or a library of ours beside it.
    private static DateTime NewestPart(string executable) =>
        Directory.EnumerateFiles(Path.GetDirectoryName(executable)!)
            .Where(f => Path.GetFileName(f).StartsWith("stackfs", StringComparison.OrdinalIgnoreCase))
            .Max(File.GetLastWriteTimeUtc);

    private static string FindRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "StackFs.slnx")))
        {
            directory = Path.GetDirectoryName(directory.TrimEnd('/'));
        }

        return directory ?? throw new InvalidOperationException("the tests run inside the source tree");
    }
}
