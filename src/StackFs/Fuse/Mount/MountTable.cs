using System.Globalization;
using System.Text;

namespace StackFs.Fuse;

/// <summary>One line of the mount table.</summary>
/// <param name="DeviceMajor">Zero for FUSE.</param>
/// <param name="DeviceMinor">For FUSE also the number of its connection under <c>/sys/fs/fuse/connections</c>.</param>
/// <param name="MountPoint">Absolute path, as this process sees it.</param>
/// <param name="Type">Filesystem type, with its subtype.</param>
/// <param name="Source">Source.</param>
/// <param name="Options">The mount's own options, then those of its filesystem, with commas between.</param>
internal sealed record MountEntry(
    uint DeviceMajor, uint DeviceMinor, string MountPoint, string Type, string Source, string Options);

/// <summary>
/// Reads <c>/proc/self/mountinfo</c> (proc_pid_mountinfo(5)), which tells about a mount without asking its filesystem.
/// </summary>
internal static class MountTable
{
    /// <summary>All mounts this process sees, in the order in which they were made.</summary>
    public static IReadOnlyList<MountEntry> Read() => Parse(File.ReadAllLines("/proc/self/mountinfo"));

    /// <summary>Parses lines of mountinfo; a line that does not parse is left out.</summary>
    internal static IReadOnlyList<MountEntry> Parse(IEnumerable<string> lines)
    {
        List<MountEntry> entries = [];
        foreach (string line in lines)
        {
            if (ParseLine(line) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    private static MountEntry? ParseLine(string line)
    {
        // id parent major:minor root mountpoint options [optional fields...] - type source superoptions
        string[] fields = line.Split(' ');
        int dash = Array.IndexOf(fields, "-");
        if (dash < 6 || fields.Length < dash + 4)
        {
            return null;
        }

        string[] device = fields[2].Split(':');
        if (device.Length != 2
            || !uint.TryParse(device[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint major)
            || !uint.TryParse(device[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint minor))
        {
            return null;
        }

        return new MountEntry(
            major,
            minor,
            Unescape(fields[4]),
            Unescape(fields[dash + 1]),
            Unescape(fields[dash + 2]),
            $"{fields[5]},{fields[dash + 3]}");
    }

    /// <summary>Undoes the kernel's <c>\040</c> for blanks and the like.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(field);
        int length = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            bool escape = bytes[i] == (byte)'\\' && i + 3 < bytes.Length
                && IsOctal(bytes[i + 1]) && IsOctal(bytes[i + 2]) && IsOctal(bytes[i + 3]);
            if (escape)
            {
                bytes[length++] = (byte)((((bytes[i + 1] & 3) << 6) | ((bytes[i + 2] & 7) << 3) | (bytes[i + 3] & 7)) & 0xFF);
                i += 3;
            }
            else
            {
                bytes[length++] = bytes[i];
            }
        }

        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    private static bool IsOctal(byte digit) => digit is >= (byte)'0' and <= (byte)'7';
}
