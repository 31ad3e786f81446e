using System.Globalization;
using System.Text;
using StackFs.Interop;

namespace StackFs.Fuse;

/// <summary>Writes <see cref="FuseMountOptions"/> as mount(2) and as fusermount3 want them.</summary>
internal static class MountOptionText
{
    private static readonly (MountFlags Flag, string Name)[] FlagNames =
    [
        (MountFlags.ReadOnly, "ro"),
        (MountFlags.NoSuid, "nosuid"),
        (MountFlags.NoDev, "nodev"),
        (MountFlags.NoExec, "noexec"),
        (MountFlags.Synchronous, "sync"),
        (MountFlags.DirSync, "dirsync"),
        (MountFlags.NoSymFollow, "nosymfollow"),
        (MountFlags.NoAtime, "noatime"),
        (MountFlags.NoDirAtime, "nodiratime"),
        (MountFlags.RelAtime, "relatime"),
        (MountFlags.StrictAtime, "strictatime"),
        (MountFlags.LazyTime, "lazytime"),
    ];

    /// <summary>The last argument of mount(2): FUSE's own options, <c>Documentation/filesystems/fuse.rst</c>.</summary>
    public static string ForKernel(FuseMountOptions options, int device, uint user, uint group)
    {
        // rootmode is S_IFDIR in octal.
        var text = new StringBuilder(
            string.Create(CultureInfo.InvariantCulture, $"fd={device},rootmode=40000,user_id={user},group_id={group}"));
        AppendShared(text, options);
        return text.ToString();
    }

    /// <summary>The argument of fusermount3's <c>-o</c>.</summary>
    public static string ForHelper(FuseMountOptions options)
    {
        var text = new StringBuilder($"fsname={Escape(options.Source)},subtype={Escape(options.Subtype)}");
        foreach ((MountFlags flag, string name) in FlagNames)
        {
            if (options.Flags.HasFlag(flag))
            {
                text.Append(',').Append(name);
            }
        }

        AppendShared(text, options);
        return text.ToString();
    }

    private static void AppendShared(StringBuilder text, FuseMountOptions options)
    {
        if (options.AllowOther)
        {
            text.Append(",allow_other");
        }

        if (options.DefaultPermissions)
        {
            text.Append(",default_permissions");
        }

        text.Append(CultureInfo.InvariantCulture, $",max_read={options.MaxRead}");
    }

    /// <summary>fusermount3 splits at commas unless a backslash stands before them.</summary>
    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);
}
