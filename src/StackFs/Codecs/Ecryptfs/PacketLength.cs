namespace StackFs.Codecs.Ecryptfs;

/// <summary>The one- or two-octet body length of a packet (FORMAT.md section 4; RFC 4880 section 4.2.2).</summary>
internal static class PacketLength
{
    /// <summary>The longest body that a reader understands.</summary>
    internal const int Max = 8383;

    private const int TwoOctets = 192;

    /// <summary>Octets that a length takes.</summary>
    internal static int SizeOf(int length) => length < TwoOctets ? 1 : 2;

    /// <summary>Reads a length at the front of <paramref name="source"/>.</summary>
    /// <returns>False when it is cut off or of a form that is not used.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> source, out int length, out int consumed)
    {
        length = 0;
        consumed = 0;
        if (source.IsEmpty)
        {
            return false;
        }

        byte first = source[0];
        if (first < TwoOctets)
        {
            length = first;
            consumed = 1;
            return true;
        }

        if (first >= 224 || source.Length < 2)
        {
            return false;
        }

        length = ((first - TwoOctets) << 8) + source[1] + TwoOctets;
        consumed = 2;
        return true;
    }

    /// <summary>Writes a length of at most <see cref="Max"/>.</summary>
    /// <returns>Octets written.</returns>
    internal static int Write(Span<byte> destination, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Max);
        if (length < TwoOctets)
        {
            destination[0] = (byte)length;
            return 1;
        }

        int rest = length - TwoOctets;
        destination[0] = (byte)((rest >> 8) + TwoOctets);
        destination[1] = (byte)(rest & 0xFF);
        return 2;
    }
}
