namespace StackFs.Names;

/// <summary>Between upper and lower symlink targets. Nothing here allocates.</summary>
/// <remarks>One thread's at a time; companions are the caller's to read and write.</remarks>
internal interface ITargetCodec
{
    /// <summary>The size of an upper symlink, from that of the lower one.</summary>
    /// <param name="lowerSize">As <c>lstat</c> gives it.</param>
    /// <returns>Bytes; -1 when the target itself has to be read to know.</returns>
    long SizeOf(long lowerSize);

    /// <summary>Encodes a target.</summary>
    /// <param name="target">The upper target.</param>
    /// <param name="lower">Receives the lower symlink's target; at least 4,096 bytes.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>
    /// Ok; Companion when <paramref name="lower"/> is the name of a companion, to be created first with the content of
    /// <see cref="EncodeCompanion"/>; Invalid; TooLong.
    /// </returns>
    TargetStatus Encode(ReadOnlySpan<byte> target, Span<byte> lower, out int length);

    /// <summary>The content of the companion of a target for which <see cref="Encode"/> gave Companion.</summary>
    /// <param name="target">The upper target.</param>
    /// <param name="content">At least <see cref="SymlinkTargets.MaxCompanionLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    int EncodeCompanion(ReadOnlySpan<byte> target, Span<byte> content);

    /// <summary>Decodes a lower symlink's target.</summary>
    /// <param name="lower">What <c>readlink</c> gave.</param>
    /// <param name="target">At least <see cref="SymlinkTargets.MaxLength"/> bytes.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok; Companion when <paramref name="lower"/> names one; AuthenticationFailed.</returns>
    TargetStatus Decode(ReadOnlySpan<byte> lower, Span<byte> target, out int length);

    /// <summary>Decodes the target in a companion, which is verified against its name.</summary>
    /// <param name="name">The companion's name: the lower symlink's target.</param>
    /// <param name="content">Its content; more than <see cref="SymlinkTargets.MaxCompanionLength"/> bytes need not be read.</param>
    /// <param name="target">At least <see cref="SymlinkTargets.MaxLength"/> bytes.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok or AuthenticationFailed.</returns>
    TargetStatus DecodeCompanion(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> content, Span<byte> target, out int length);
}
