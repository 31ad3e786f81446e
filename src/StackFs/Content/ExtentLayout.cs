namespace StackFs.Content;

/// <summary>
/// Where the bytes of an upper file lie in its lower file, and back: pure arithmetic of the native format
/// (Codecs/Native/FORMAT.md, "Layout").
/// </summary>
/// <remarks>
/// Lower page 0 is the header; lower page i + 1 holds extent i, which is upper bytes 4,064·i to 4,064·(i + 1).
/// Offsets are upper offsets unless a name says lower. Arguments are never negative: callers have checked them, and
/// overflow throws, since the tree is built with checked arithmetic.
/// </remarks>
internal static class ExtentLayout
{
    /// <summary>Bytes in a lower page: header page and extent pages alike.</summary>
    public const int PageSize = 4096;

    /// <summary>Upper bytes in an extent.</summary>
    public const int ExtentSize = 4064;

    /// <summary>The number of the extent that holds the byte at <paramref name="upperOffset"/>.</summary>
    public static long IndexOf(long upperOffset) => upperOffset / ExtentSize;

    /// <summary>The upper offset of an extent's first byte.</summary>
    public static long UpperStart(long index) => index * ExtentSize;

    /// <summary>The upper offset just past an extent's last byte.</summary>
    public static long UpperEnd(long index) => (index + 1) * ExtentSize;

    /// <summary>The lower offset of an extent's page.</summary>
    public static long LowerStart(long index) => (index + 1) * PageSize;

    /// <summary>The lower offset just past an extent's page.</summary>
    public static long LowerEnd(long index) => (index + 2) * PageSize;

    /// <summary>How many extents a file of <paramref name="upperSize"/> bytes has.</summary>
    public static long CountOf(long upperSize) => (upperSize / ExtentSize) + (upperSize % ExtentSize == 0 ? 0 : 1);

    /// <summary>The number of the last extent of a file of <paramref name="upperSize"/> bytes, or -1 if it is empty.</summary>
    public static long LastIndexOf(long upperSize) => CountOf(upperSize) - 1;

    /// <summary>Bytes of an extent that lie within a file of <paramref name="upperSize"/> bytes: 0 to 4,064.</summary>
    public static int ValidBytes(long index, long upperSize) =>
        (int)Math.Clamp(upperSize - UpperStart(index), 0, ExtentSize);

    /// <summary>How many whole extent pages a lower file of <paramref name="lowerSize"/> bytes has.</summary>
    public static long PagesIn(long lowerSize) => Math.Max((lowerSize / PageSize) - 1, 0);

    /// <summary>
    /// The extents that a request of <paramref name="length"/> bytes at <paramref name="upperOffset"/> touches, in order.
    /// </summary>
    public static ExtentSlices Slice(long upperOffset, int length) => new(upperOffset, length);
}
