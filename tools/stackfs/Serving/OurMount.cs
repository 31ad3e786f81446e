using System.Globalization;
using StackFs.Cli.Interop;
using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Serving;

/// <summary>One StackFs mount in this mount namespace, as the kernel lists it.</summary>
/// <param name="Device">The filesystem's device number, <c>major:minor</c>; unique while it is mounted.</param>
/// <param name="Mountpoint">Where it is shown, absolute.</param>
/// <param name="Lower">The lower directory, absolute.</param>
/// <param name="UserId">The user whom the mount belongs to.</param>
internal sealed record OurMount(string Device, string Mountpoint, string Lower, uint UserId)
{
    private const string FilesystemType = "fuse.stackfs";
    private const string UserOption = "user_id=";

    /// <summary>All of them, in the order they were mounted: of several on one directory the last is on top.</summary>
    public static IReadOnlyList<OurMount> All() => [.. MountTable.Read().Select(From).OfType<OurMount>()];

    /// <summary>
    /// The mount that <paramref name="path"/> names: by its mount point (the top one), else by its lower directory.
    /// </summary>
    public static OurMount? Find(string path)
    {
        string absolute = Canonical(path);
        IReadOnlyList<OurMount> mounts = All();
        return mounts.LastOrDefault(m => m.Mountpoint == absolute) ?? mounts.LastOrDefault(m => m.Lower == absolute);
    }

    /// <summary>The mount that shows <paramref name="canonicalPath"/>; null where none of ours does.</summary>
    public static OurMount? Containing(string canonicalPath)
    {
        // The deepest mount point above the path decides, and of several on one directory the one on top.
        MountEntry? top = MountTable.Read().Where(m => Contains(m.MountPoint, canonicalPath))
            .Aggregate((MountEntry?)null, (best, m) => best is null || m.MountPoint.Length >= best.MountPoint.Length ? m : best);
        return top is null ? null : From(top);
    }

    /// <summary>
    /// The path as the kernel's list has it: without links. The last component of a mount whose process is gone cannot be
    /// looked at (ENOTCONN), so where that fails only the directory above it is resolved.
    /// </summary>
    public static string Canonical(string path)
    {
        string absolute = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Posix.RealPath(absolute, out string resolved) == Errno.None)
        {
            return resolved;
        }

        return Path.GetDirectoryName(absolute) is string parent && Posix.RealPath(parent, out string directory) == Errno.None
            ? Path.Combine(directory, Path.GetFileName(absolute))
            : absolute;
    }

    /// <summary>A line of the mount table; null where it is not a mount of ours.</summary>
    internal static OurMount? From(MountEntry entry) => entry.Type == FilesystemType
        ? new OurMount(
            string.Create(CultureInfo.InvariantCulture, $"{entry.DeviceMajor}:{entry.DeviceMinor}"),
            entry.MountPoint,
            entry.Source,
            UserIdOf(entry.Options))
        : null;

    private static bool Contains(string directory, string path) =>
        directory == "/" || path == directory
        || (path.StartsWith(directory, StringComparison.Ordinal) && path[directory.Length] == '/');

    private static uint UserIdOf(string options) =>
        options.Split(',')
            .Where(o => o.StartsWith(UserOption, StringComparison.Ordinal))
            .Select(o => uint.Parse(o[UserOption.Length..], CultureInfo.InvariantCulture))
            .FirstOrDefault();
}
