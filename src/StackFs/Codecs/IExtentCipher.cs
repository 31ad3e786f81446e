namespace StackFs.Codecs;

/// <summary>
/// Seals and opens the extents of one file. The contract of the codecs: spans in, spans out, no lower file and no
/// errno. Nothing here allocates.
/// </summary>
/// <remarks>
/// One instance is one thread's at a time (it keeps a native cipher context); several instances may serve one file at
/// once. Buffers are the caller's, of exactly the lengths of <see cref="Geometry"/>; a wrong length, like a negative
/// index, is a bug and throws <see cref="ArgumentException"/>. Spans do not overlap, except where a method works in place.
/// </remarks>
internal interface IExtentCipher : IDisposable
{
    /// <summary>The file's layout.</summary>
    ExtentGeometry Geometry { get; }

    /// <summary>Seals an extent.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <param name="plaintext">1 byte to a whole extent; a shorter one is padded with zeros.</param>
    /// <param name="isFinal">Whether it is the file's last.</param>
    /// <param name="stored">Receives the whole stored extent.</param>
    void Seal(long index, ReadOnlySpan<byte> plaintext, bool isFinal, Span<byte> stored);

    /// <summary>As <see cref="Seal"/>, of plaintext that stands in the stored extent's own buffer.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <param name="stored">The plaintext at PlaintextOffset; on return the stored extent.</param>
    /// <param name="count">Valid bytes, 1 to a whole extent; the bytes after them are overwritten with zeros first.</param>
    /// <param name="isFinal">Whether it is the file's last.</param>
    void SealInPlace(long index, Span<byte> stored, int count, bool isFinal);

    /// <summary>Opens an extent.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <param name="stored">The stored extent.</param>
    /// <param name="plaintext">
    /// Receives a whole extent, zeros after the valid bytes. All zeros unless the status is Ok.
    /// </param>
    /// <param name="meta">What the extent says of itself; zero unless the status is Ok.</param>
    ExtentStatus Open(long index, ReadOnlySpan<byte> stored, Span<byte> plaintext, out ExtentMeta meta);

    /// <summary>As <see cref="Open"/>, leaving the plaintext in the stored extent's own buffer.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <param name="stored">
    /// The stored extent; on return the plaintext is at PlaintextOffset, and what stood around it is undefined.
    /// </param>
    /// <param name="meta">What the extent says of itself; zero unless the status is Ok.</param>
    ExtentStatus OpenInPlace(long index, Span<byte> stored, out ExtentMeta meta);
}
