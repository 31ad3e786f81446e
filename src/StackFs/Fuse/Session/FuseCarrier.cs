namespace StackFs.Fuse;

/// <summary>How requests and replies travel between the kernel and this process.</summary>
internal enum FuseCarrier
{
    /// <summary>Over io_uring where the kernel offers it, else over the device.</summary>
    Auto,

    /// <summary>By read(2) and write(2) on <c>/dev/fuse</c>.</summary>
    Device,

    /// <summary>Over io_uring (Linux 6.14), and no mount where that cannot be had.</summary>
    IoUring,
}
