using StackFs.Codecs.Ecryptfs;

namespace StackFs.Names.Ecryptfs;

/// <summary>
/// Extended attributes of an eCryptfs tree: as they are below, but for the one that holds a file's metadata, which is neither
/// seen nor touched. Stateless: safe on any thread.
/// </summary>
internal sealed class PassedAttributes : IAttributeCodec
{
    /// <inheritdoc/>
    public XattrStatus EncodeName(ReadOnlySpan<byte> upper, Span<byte> lower, out int length) =>
        upper.Length > ExtendedAttributes.MaxNameLength ? TooLong(out length) : Pass(upper, lower, out length);

    /// <inheritdoc/>
    public XattrStatus DecodeName(ReadOnlySpan<byte> lower, Span<byte> upper, out int length) =>
        Pass(lower, upper, out length);

    /// <summary>Never called: no name is Long.</summary>
    public XattrStatus DecodeLongName(
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> lowerValue, Span<byte> upper, out int length) =>
        throw new InvalidOperationException("Passed attributes have no long names.");

    /// <summary>Never called: values are passed.</summary>
    public XattrStatus EncodeValue(
        ReadOnlySpan<byte> upper, ReadOnlySpan<byte> value, Span<byte> lowerValue, out int length) =>
        throw new InvalidOperationException("Passed attributes are not encoded.");

    /// <summary>Never called: values are passed.</summary>
    public XattrStatus DecodeValue(
        ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lowerValue, Span<byte> value, out int length) =>
        throw new InvalidOperationException("Passed attributes are not encoded.");

    private static XattrStatus Pass(ReadOnlySpan<byte> from, Span<byte> to, out int length)
    {
        length = 0;
        if (from.SequenceEqual(EcryptfsFormat.AttributeName))
        {
            return XattrStatus.Hidden;
        }

        from.CopyTo(to);
        length = from.Length;
        return XattrStatus.PassThrough;
    }

    private static XattrStatus TooLong(out int length)
    {
        length = 0;
        return XattrStatus.TooLong;
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose()
    {
    }
}
