namespace StackFs.Names;

/// <summary>
/// Names stored as they are (<c>names=plain</c>, Codecs/Native/FORMAT.md section 3). Nothing is foreign, and the names of
/// StackFs's own files are reserved. Stateless: safe on any thread.
/// </summary>
internal sealed class PlainNames : INameCodec
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

        if (IsReserved(upper, inRoot))
        {
            return NameStatus.Reserved;
        }

        upper.CopyTo(lower);
        length = upper.Length;
        return NameStatus.Ok;
    }

    /// <inheritdoc/>
    public LowerNameKind Decode(ReadOnlySpan<byte> lower, bool inRoot, Span<byte> upper, out int length)
    {
        length = 0;
        if (IsReserved(lower, inRoot))
        {
            return LowerNameKind.SideFile;
        }

        lower.CopyTo(upper);
        length = lower.Length;
        return LowerNameKind.Name;
    }

    /// <summary>Never called: no plain name is Long.</summary>
    public int EncodeCompanion(ReadOnlySpan<byte> upper, Span<byte> content) =>
        throw new InvalidOperationException("Plain names have no companions.");

    /// <summary>Never called: no plain name is Long.</summary>
    public LowerNameKind DecodeLong(
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> content, Span<byte> upper, out int length) =>
        throw new InvalidOperationException("Plain names have no companions.");

    /// <summary>Nothing is held.</summary>
    public void Dispose()
    {
    }

    private static bool IsReserved(ReadOnlySpan<byte> name, bool inRoot) =>
        LowerNames.IsTargetCompanion(name) || name.SequenceEqual(LowerNames.ConversionName) || (inRoot && LowerNames.IsVolumeFile(name));
}
