using System.Globalization;
using System.Security.Cryptography;
using StackFs.Tests.Common;
using static StackFs.Tests.Common.Sys;

namespace StackFs.Tests.Mounted.SideBySide;

/// <summary>What a tree shows to a program, as lines that can be compared.</summary>
internal static class Snapshot
{
    /// <summary>Times before this were set by utimens and must be kept exactly; later ones are the clock's.</summary>
    private const long Clock = 100_000_000;

    public static string Describe(FileStatus status)
    {
        string size = status.Kind is 'f' or 'l' ? status.Size.ToString(CultureInfo.InvariantCulture) : "-";
        string time = status.Modification.Seconds < Clock ? status.Modification.ToString() : "clock";
        return $"{status.Kind} {Convert.ToString(status.Permissions, 8)} {status.Uid}:{status.Gid} links {status.Links} size {size} mtime {time}";
    }

    public static string[] Of(string root)
    {
        List<string> lines = [];
        Add(root, "", lines);
        return [.. lines];
    }

    private static void Add(string directory, string prefix, List<string> lines)
    {
        foreach (string name in Names(directory))
        {
            string path = directory + "/" + name, shown = prefix + name;
            Result result = Lstat(path, out FileStatus status);
            lines.Add($"{shown}: {(result.Ok ? Describe(status) : result.Name)} {Content(path, status)} {Attributes(path)}".TrimEnd());
            if (result.Ok && status.Kind == 'd')
            {
                Add(path, shown + "/", lines);
            }
        }
    }

    private static string Content(string path, FileStatus status)
    {
        if (status.Kind == 'l')
        {
            return ReadLink(path, out string target).Ok ? "-> " + target : "unreadable";
        }

        if (status.Kind != 'f')
        {
            return "";
        }

        Result opened = Open(path, O_RDONLY);
        if (!opened.Ok)
        {
            return opened.Name;
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        long length = 0;
        Result read;
        while ((read = Pread(opened.Count, buffer, length)) is { Ok: true, Value: > 0 })
        {
            hash.AppendData(buffer, 0, read.Count);
            length += read.Value;
        }

        Close(opened.Count);
        return read.Ok ? $"{length} bytes {Convert.ToHexString(hash.GetHashAndReset())[..16]}" : $"{read.Name} at {length}";
    }

    private static string Attributes(string path)
    {
        Result listed = ListXattr(path, 65536, out string[] names);
        if (!listed.Ok)
        {
            return listed.Name;
        }

        byte[] buffer = new byte[65536];
        return string.Join(' ', names.Where(n => n.StartsWith("user.", StringComparison.Ordinal)).Select(n =>
        {
            Result got = GetXattr(path, n, buffer);
            return got.Ok ? $"{n}={Convert.ToHexString(buffer, 0, got.Count)}" : $"{n}:{got.Name}";
        }));
    }
}
