namespace StackFs.Fuse;

/// <summary>Sizes that buffers and negotiation share.</summary>
internal static class FuseLimits
{
    /// <summary>Bytes of data in one READ or WRITE at most: 256 pages of 4 KiB, the kernel's default ceiling.</summary>
    public const int LargestTransfer = 1 << 20;
}
