namespace StackFs.Codecs.Native;

/// <summary>
/// Between the size of a lower file and that of its plaintext, without reading it (FORMAT.md section 2.4). Pure
/// arithmetic; sizes are in bytes and not negative, else <see cref="ArgumentOutOfRangeException"/>.
/// </summary>
internal static class NativeSizeRule
{
    /// <summary>The greatest plaintext: its sealed lower size is 2^63 - 32.</summary>
    internal const long MaxUpperSize = NativeFormat.ExtentSize * MaxExtents;

    /// <summary>The most extents a file may have.</summary>
    internal const long MaxExtents = (1L << 51) - 2;

    /// <summary>The plaintext size that a sealed lower size tells.</summary>
    /// <param name="lowerSize">As <c>stat</c> gives it.</param>
    /// <param name="upperSize">The size; 0 when the result is false.</param>
    /// <returns>False when the file is not sealed and must be opened to know.</returns>
    internal static bool TryGetUpperSize(long lowerSize, out long upperSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lowerSize);
        upperSize = 0;
        if (lowerSize is 0 or NativeFormat.HeaderSize)
        {
            return true;
        }

        long extents = (lowerSize / NativeFormat.PageSize) - 1;
        long last = lowerSize % NativeFormat.PageSize;
        if (extents < 1 || last is 0 or > NativeFormat.ExtentSize)
        {
            return false;
        }

        upperSize = ((extents - 1) * NativeFormat.ExtentSize) + last;
        return true;
    }

    /// <summary>The lower size that a sealed file has.</summary>
    /// <param name="upperSize">0 gives the size of a header alone; a file never written keeps lower size 0.</param>
    /// <param name="lowerSize">The size; 0 when the result is false.</param>
    /// <returns>False when the plaintext is larger than the format holds: EFBIG.</returns>
    internal static bool TryGetLowerSize(long upperSize, out long lowerSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(upperSize);
        lowerSize = 0;
        if (upperSize > MaxUpperSize)
        {
            return false;
        }

        if (upperSize == 0)
        {
            lowerSize = NativeFormat.HeaderSize;
            return true;
        }

        long lastIndex = (upperSize - 1) / NativeFormat.ExtentSize;
        long last = upperSize - (lastIndex * NativeFormat.ExtentSize);
        lowerSize = ((lastIndex + 2) * NativeFormat.PageSize) + last;
        return true;
    }
}
