namespace StackFs.Codecs;

/// <summary>How a codec lays extents out in the lower file. All in bytes.</summary>
/// <param name="HeaderSize">Before extent 0.</param>
/// <param name="ExtentSize">Plaintext in an extent.</param>
/// <param name="StoredSize">An extent in the lower file: extent i stands at HeaderSize + i · StoredSize.</param>
/// <param name="PlaintextOffset">Where the plaintext stands in a stored extent opened in place.</param>
internal readonly record struct ExtentGeometry(long HeaderSize, int ExtentSize, int StoredSize, int PlaintextOffset);
