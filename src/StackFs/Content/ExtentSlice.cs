namespace StackFs.Content;

/// <summary>The part of one extent that a request touches.</summary>
/// <param name="Index">The extent's number in the file, from 0.</param>
/// <param name="Skip">Bytes of the extent before the part, 0 to 4,063.</param>
/// <param name="Length">Bytes in the part, 1 to 4,064.</param>
/// <param name="RequestOffset">Where the part begins in the request's buffer.</param>
internal readonly record struct ExtentSlice(long Index, int Skip, int Length, int RequestOffset)
{
    /// <summary>Whether the request covers the extent from its first byte to its last.</summary>
    public bool IsWhole => Length == ExtentLayout.ExtentSize;
}
