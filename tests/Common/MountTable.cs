using System.Globalization;

namespace StackFs.Tests.Common;

/// <summary>The kernel's list of mounts, read without touching any of them: a stat of a hung one would hang here too.</summary>
public static class MountTable
{
    public static bool Contains(string path) => Find(path) is not null;

    /// <summary>The FUSE connection of the mount at <paramref name="path"/>: the minor number of its device.</summary>
    public static int? Connection(string path) =>
        Find(path) is { } fields ? int.Parse(fields[2].Split(':')[1], CultureInfo.InvariantCulture) : null;

    /// <summary>Everything mounted under <paramref name="directory"/>.</summary>
    public static string[] Below(string directory) =>
        [.. Lines().Select(f => f[4]).Where(p => p.StartsWith(directory + "/", StringComparison.Ordinal))];

    private static string[]? Find(string path) => Lines().LastOrDefault(f => f[4] == path);

    private static IEnumerable<string[]> Lines() => File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' '));
}
