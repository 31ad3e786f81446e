namespace StackFs.Codecs.Ecryptfs;

/// <summary>Where a file's extents lie in its lower file (FORMAT.md sections 3 and 5).</summary>
/// <param name="DataStart">Lower offset of extent 0: the header's size, or 0 when the metadata is in the attribute.</param>
internal readonly record struct EcryptfsLayout(long DataStart)
{
    /// <summary>Extents that hold this many octets of plaintext.</summary>
    internal static long ExtentCount(long upperSize) =>
        (upperSize / EcryptfsFormat.ExtentSize) + (upperSize % EcryptfsFormat.ExtentSize == 0 ? 0 : 1);

    /// <summary>Lower offset of an extent.</summary>
    internal long LowerOffset(long extent) => DataStart + (extent * EcryptfsFormat.ExtentSize);

    /// <summary>The exact lower size of a file of this upper size.</summary>
    internal long LowerSize(long upperSize) => LowerOffset(ExtentCount(upperSize));

    /// <summary>The largest upper size whose extents a lower file of this size has whole.</summary>
    internal long WholeUpperSize(long lowerSize) =>
        lowerSize <= DataStart ? 0 : (lowerSize - DataStart) / EcryptfsFormat.ExtentSize * EcryptfsFormat.ExtentSize;
}
