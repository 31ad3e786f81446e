using System.Runtime.InteropServices;

namespace StackFs.Interop;

/// <summary>linux/stat.h, struct statx; 256 bytes, the same on every architecture.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct StatxBuffer
{
    // linux/stat.h: STATX_BTIME.
    private const uint BirthTimeMask = 0x800;

    /// <summary>Which fields are filled in: STATX_* bits.</summary>
    internal uint Mask;

    /// <summary>Preferred I/O size in bytes.</summary>
    internal uint BlockSize;

    /// <summary>STATX_ATTR_* bits.</summary>
    internal ulong Attributes;

    /// <summary>Number of hard links.</summary>
    internal uint LinkCount;

    /// <summary>Owner.</summary>
    internal uint UserId;

    /// <summary>Group.</summary>
    internal uint GroupId;

    /// <summary>Type and permissions.</summary>
    internal ushort Mode;

    private readonly ushort _spare0;

    /// <summary>Inode number.</summary>
    internal ulong Inode;

    /// <summary>Size in bytes.</summary>
    internal ulong Size;

    /// <summary>Allocated space in units of 512 bytes.</summary>
    internal ulong Blocks;

    /// <summary>Which bits of <see cref="Attributes"/> are supported.</summary>
    internal ulong AttributesMask;

    /// <summary>Last access.</summary>
    internal StatxTimestamp AccessTime;

    /// <summary>Creation.</summary>
    internal StatxTimestamp BirthTime;

    /// <summary>Last change of the inode.</summary>
    internal StatxTimestamp ChangeTime;

    /// <summary>Last change of the content.</summary>
    internal StatxTimestamp ModifyTime;

    /// <summary>Major number of the device that a device node stands for.</summary>
    internal uint RawDeviceMajor;

    /// <summary>Minor number of the device that a device node stands for.</summary>
    internal uint RawDeviceMinor;

    /// <summary>Major number of the device that holds the file.</summary>
    internal uint DeviceMajor;

    /// <summary>Minor number of the device that holds the file.</summary>
    internal uint DeviceMinor;

    /// <summary>Mount the file was reached through.</summary>
    internal ulong MountId;

    /// <summary>The device that holds the file as one number, major in the upper half.</summary>
    internal readonly ulong Device => ((ulong)DeviceMajor << 32) | DeviceMinor;

    /// <summary>When the file was made, in nanoseconds since 1970, or 0 where the filesystem does not say.</summary>
    internal readonly long Birth =>
        (Mask & BirthTimeMask) != 0 ? unchecked((BirthTime.Seconds * 1_000_000_000) + BirthTime.Nanoseconds) : 0;

    /// <summary>
    /// The device that a node stands for in the kernel's 32-bit encoding (linux/kdev_t.h, new_encode_dev), as FUSE
    /// carries it.
    /// </summary>
    internal readonly uint RawDevice =>
        (RawDeviceMinor & 0xff) | (RawDeviceMajor << 8) | ((RawDeviceMinor & ~0xffu) << 12);
}

/// <summary>linux/stat.h, struct statx_timestamp.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StatxTimestamp
{
    /// <summary>Seconds since 1970.</summary>
    internal long Seconds;

    /// <summary>Nanoseconds, 0 to 999,999,999.</summary>
    internal uint Nanoseconds;

    private readonly int _reserved;
}
