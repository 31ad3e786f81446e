namespace StackFs.Names;

/// <summary>
/// Between upper and lower names of directory entries. Names are bytes. Nothing here allocates, and nothing touches a
/// lower directory: companions are the caller's to read and write.
/// </summary>
/// <remarks>
/// One instance is one thread's at a time, a worker's for its lifetime. Output buffers are the caller's and at least
/// <see cref="LowerNames.MaxLength"/> long unless said otherwise; on failure their content is undefined and the length 0.
/// </remarks>
internal interface INameCodec : IDisposable
{
    /// <summary>Encodes an upper name, for lookup and creation alike.</summary>
    /// <param name="upper">As the kernel gives it, without a terminator.</param>
    /// <param name="inRoot">Whether the directory is the volume's root, where more names are reserved.</param>
    /// <param name="lower">Receives the lower name.</param>
    /// <param name="length">Bytes written, at most 255.</param>
    NameStatus Encode(ReadOnlySpan<byte> upper, bool inRoot, Span<byte> lower, out int length);

    /// <summary>Says what a name found in a lower directory is, and decodes it where the name alone suffices.</summary>
    /// <param name="lower">As the lower directory gives it; never <c>.</c> or <c>..</c>.</param>
    /// <param name="inRoot">Whether the directory is the volume's root.</param>
    /// <param name="upper">Receives the upper name: decoded for a Name, the lower name itself for a Foreign one.</param>
    /// <param name="length">Bytes written; 0 for any other kind.</param>
    LowerNameKind Decode(ReadOnlySpan<byte> lower, bool inRoot, Span<byte> upper, out int length);

    /// <summary>The content that the companion of a Long name holds.</summary>
    /// <param name="upper">A name for which <see cref="Encode"/> gave Long.</param>
    /// <param name="content">At least <see cref="LowerNames.MaxCompanionLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    int EncodeCompanion(ReadOnlySpan<byte> upper, Span<byte> content);

    /// <summary>Decodes a Long entry with its companion's content, which is verified against the entry's name.</summary>
    /// <param name="lower">The entry's name, for which <see cref="Decode"/> gave Long.</param>
    /// <param name="content">The companion's content; more than MaxCompanionLength bytes need not be read.</param>
    /// <param name="upper">Receives the upper name.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>Name, or Invalid when the companion is not the entry's: the entry is left out and counted.</returns>
    LowerNameKind DecodeLong(
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> content, Span<byte> upper, out int length);
}
