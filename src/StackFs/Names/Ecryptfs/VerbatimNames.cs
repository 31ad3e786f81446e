namespace StackFs.Names.Ecryptfs;

/// <summary>
/// Names of an eCryptfs tree without encrypted names: the same octets above and below, none reserved, none hidden.
/// Stateless: safe on any thread.
/// </summary>
internal sealed class VerbatimNames : INameCodec
{
    /// <inheritdoc/>
    public NameStatus Encode(ReadOnlySpan<byte> upper, bool inRoot, Span<byte> lower, out int length)
    {
        length = 0;
        if (upper.Length > LowerNames.MaxLength)
        {
            return NameStatus.TooLong;
        }

        if (!LowerNames.IsEntryName(upper))
        {
            return NameStatus.Invalid;
        }

        upper.CopyTo(lower);
        length = upper.Length;
        return NameStatus.Ok;
    }

    /// <inheritdoc/>
    public LowerNameKind Decode(ReadOnlySpan<byte> lower, bool inRoot, Span<byte> upper, out int length)
    {
        lower.CopyTo(upper);
        length = lower.Length;
        return LowerNameKind.Name;
    }

    /// <summary>Never called: no name is Long.</summary>
    public int EncodeCompanion(ReadOnlySpan<byte> upper, Span<byte> content) =>
        throw new InvalidOperationException("Verbatim names have no companions.");

    /// <summary>Never called: no name is Long.</summary>
    public LowerNameKind DecodeLong(
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> content, Span<byte> upper, out int length) =>
        throw new InvalidOperationException("Verbatim names have no companions.");

    /// <summary>Nothing is held.</summary>
    public void Dispose()
    {
    }
}
