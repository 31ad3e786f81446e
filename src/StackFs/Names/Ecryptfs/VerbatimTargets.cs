namespace StackFs.Names.Ecryptfs;

/// <summary>Symlink targets of an eCryptfs tree without encrypted names: as they are. Stateless: safe on any thread.</summary>
internal sealed class VerbatimTargets : ITargetCodec
{
    /// <inheritdoc/>
    public long SizeOf(long lowerSize) => lowerSize;

    /// <inheritdoc/>
    public TargetStatus Encode(ReadOnlySpan<byte> target, Span<byte> lower, out int length)
    {
        length = 0;
        if (target.IsEmpty || target.Contains((byte)0))
        {
            return TargetStatus.Invalid;
        }

        return target.Length > SymlinkTargets.MaxLength ? TargetStatus.TooLong : Copy(target, lower, out length);
    }

    /// <inheritdoc/>
    public TargetStatus Decode(ReadOnlySpan<byte> lower, Span<byte> target, out int length) =>
        Copy(lower, target, out length);

    /// <summary>Never called: no target has a companion.</summary>
    public int EncodeCompanion(ReadOnlySpan<byte> target, Span<byte> content) =>
        throw new InvalidOperationException("Verbatim targets have no companions.");

    /// <summary>Never called: no target has a companion.</summary>
    public TargetStatus DecodeCompanion(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> content, Span<byte> target, out int length) =>
        throw new InvalidOperationException("Verbatim targets have no companions.");

    private static TargetStatus Copy(ReadOnlySpan<byte> from, Span<byte> to, out int length)
    {
        from.CopyTo(to);
        length = from.Length;
        return TargetStatus.Ok;
    }
}
