using StackFs.Interop;

namespace StackFs.Lower;

/// <summary>
/// Which lower file: device and inode number. Hard links share one; it says nothing once the file is gone, unless a
/// descriptor keeps it.
/// </summary>
/// <param name="Device">Major number in the upper half, minor in the lower.</param>
/// <param name="Inode">Inode number on that device.</param>
internal readonly record struct LowerId(ulong Device, ulong Inode)
{
    /// <summary>The identity in what statx(2) told.</summary>
    internal static LowerId Of(in StatxBuffer status) => new(status.Device, status.Inode);
}
