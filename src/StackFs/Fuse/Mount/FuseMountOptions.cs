using StackFs.Interop;

namespace StackFs.Fuse;

/// <summary>How and where to mount.</summary>
internal sealed record FuseMountOptions
{
    /// <summary>What the mount table shows as the source: our lower directory.</summary>
    public required string Source { get; init; }

    /// <summary>An existing directory.</summary>
    public required string MountPoint { get; init; }

    /// <summary>The filesystem type becomes <c>fuse.</c> followed by this.</summary>
    public string Subtype { get; init; } = "stackfs";

    /// <summary>
    /// Options of the VFS. The helper of plain users adds nosuid and nodev whatever is asked, and refuses some others.
    /// </summary>
    public MountFlags Flags { get; init; } = MountFlags.NoSuid | MountFlags.NoDev;

    /// <summary>
    /// Other users than the one who mounts may use the mount. Plain users need <c>user_allow_other</c> in
    /// <c>/etc/fuse.conf</c> for it.
    /// </summary>
    public bool AllowOther { get; init; }

    /// <summary>The kernel checks modes and owners before it asks us.</summary>
    public bool DefaultPermissions { get; init; } = true;

    /// <summary>Bytes a READ asks for at most: what a reply buffer holds, or less.</summary>
    public int MaxRead { get; init; } = FuseLimits.LargestTransfer;

    /// <summary>True: mount(2) ourselves. False: through fusermount3. Null: mount(2) when we are root.</summary>
    public bool? Direct { get; init; }
}
