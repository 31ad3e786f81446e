using StackFs.Codecs.Ecryptfs;

namespace StackFs.Names.Ecryptfs;

/// <summary>
/// Symlink targets of an eCryptfs tree with encrypted names: the whole target as one name (Codecs/Ecryptfs/FORMAT.md
/// section 6).
/// </summary>
/// <remarks>One thread's at a time.</remarks>
internal sealed class EcryptfsTargets : ITargetCodec
{
    private readonly Codecs.Ecryptfs.NameCipher _cipher;

    /// <summary>A codec over <paramref name="cipher"/>, which stays the caller's, on the same thread.</summary>
    internal EcryptfsTargets(Codecs.Ecryptfs.NameCipher cipher) => _cipher = cipher;

    /// <inheritdoc/>
    public long SizeOf(long lowerSize) => -1;

    /// <inheritdoc/>
    public TargetStatus Encode(ReadOnlySpan<byte> target, Span<byte> lower, out int length)
    {
        length = 0;
        if (target.IsEmpty || target.Contains((byte)0))
        {
            return TargetStatus.Invalid;
        }

        Span<byte> room = lower[..Math.Min(lower.Length, Codecs.Ecryptfs.NameCipher.MaxLowerTarget)];
        return _cipher.Encode(target, room, out length) == Codecs.Ecryptfs.NameStatus.Ok
            ? TargetStatus.Ok
            : TargetStatus.TooLong;
    }

    /// <inheritdoc/>
    public TargetStatus Decode(ReadOnlySpan<byte> lower, Span<byte> target, out int length) =>
        _cipher.Decode(lower, target, out length) == Codecs.Ecryptfs.NameStatus.Ok
            ? TargetStatus.Ok
            : TargetStatus.AuthenticationFailed;

    /// <summary>Never called: no target has a companion.</summary>
    public int EncodeCompanion(ReadOnlySpan<byte> target, Span<byte> content) =>
        throw new InvalidOperationException("eCryptfs targets have no companions.");

    /// <summary>Never called: no target has a companion.</summary>
    public TargetStatus DecodeCompanion(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> content, Span<byte> target, out int length) =>
        throw new InvalidOperationException("eCryptfs targets have no companions.");
}
