namespace StackFs.Codecs.Ecryptfs;

/// <summary>Name lengths that encryption leaves (FORMAT.md section 6).</summary>
internal static class NameLimits
{
    /// <summary>Octets of the longest name over a lower limit of 255.</summary>
    internal const int OverUsualLower = 143;

    private const int UsualLower = 255;
    private const int PacketOverhead = 3 + 13;
    private const int Prefix = 16;

    /// <summary>The longest upper name that <c>statfs</c> promises for a lower limit, as the kernel computes it.</summary>
    internal static int UpperNameMax(int lowerNameMax, int blockSize)
    {
        if (lowerNameMax == UsualLower)
        {
            return OverUsualLower;
        }

        int octets = (lowerNameMax - NamePacket.Prefix.Length + 1) * 3 / 4;
        return Math.Max(0, octets - PacketOverhead - Prefix - (blockSize - 1));
    }
}
