namespace StackFs.Names;

/// <summary>Between upper and lower extended attributes. Names are whole ones, with their namespace, no terminator.</summary>
/// <remarks>One thread's at a time.</remarks>
internal interface IAttributeCodec : IDisposable
{
    /// <summary>Encodes a name.</summary>
    /// <param name="upper">The upper name.</param>
    /// <param name="lower">At least <see cref="ExtendedAttributes.MaxNameLength"/> bytes.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>Ok, Long or PassThrough; Hidden for a name that is the format's own; Invalid or TooLong.</returns>
    XattrStatus EncodeName(ReadOnlySpan<byte> upper, Span<byte> lower, out int length);

    /// <summary>Decodes a name from a lower list.</summary>
    /// <param name="lower">The lower name.</param>
    /// <param name="upper">At least <see cref="ExtendedAttributes.MaxNameLength"/> bytes.</param>
    /// <param name="length">Bytes written; 0 unless Ok or PassThrough.</param>
    /// <returns>Ok; PassThrough; Long, for <see cref="DecodeLongName"/> with the value; Hidden.</returns>
    XattrStatus DecodeName(ReadOnlySpan<byte> lower, Span<byte> upper, out int length);

    /// <summary>Decodes a long name from the lower value, which is verified against the lower name.</summary>
    /// <param name="lower">A name for which <see cref="DecodeName"/> gave Long.</param>
    /// <param name="lowerValue">Its value, or as much of its beginning as holds the name: 268 bytes suffice.</param>
    /// <param name="upper">At least <see cref="ExtendedAttributes.MaxNameLength"/> bytes.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok, or Hidden when the value is not the name's.</returns>
    XattrStatus DecodeLongName(
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> lowerValue, Span<byte> upper, out int length);

    /// <summary>Encodes the value of an attribute for whose name <see cref="EncodeName"/> gave Ok or Long.</summary>
    /// <param name="upper">The attribute's upper name.</param>
    /// <param name="value">The upper value, which may be empty.</param>
    /// <param name="lowerValue">At least <see cref="ExtendedAttributes.Overhead"/> longer.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok or ValueTooLong.</returns>
    XattrStatus EncodeValue(
        ReadOnlySpan<byte> upper, ReadOnlySpan<byte> value, Span<byte> lowerValue, out int length);

    /// <summary>Decodes a value that <see cref="EncodeValue"/> made.</summary>
    /// <param name="upper">The attribute's upper name.</param>
    /// <param name="lowerValue">The whole lower value.</param>
    /// <param name="value">At least as long as the lower value less <see cref="ExtendedAttributes.Overhead"/>.</param>
    /// <param name="length">Bytes written; 0 unless Ok.</param>
    /// <returns>Ok or AuthenticationFailed.</returns>
    XattrStatus DecodeValue(
        ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lowerValue, Span<byte> value, out int length);
}
