using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Crypto;

/// <summary>HKDF with SHA-256 (RFC 5869).</summary>
public static class HkdfSha256
{
    /// <summary>The longest output: 255 hash lengths (RFC 5869 §2.3).</summary>
    public const int MaximumLength = 255 * 32;

    /// <summary>
    /// Derives a secret from <paramref name="key"/> with an empty salt. The key must be uniformly random, as every key
    /// of ours is.
    /// </summary>
    /// <param name="key">The input keying material; stays the caller's.</param>
    /// <param name="info">What the result is for: different texts give independent keys.</param>
    /// <param name="length">Bytes wanted, 1 to <see cref="MaximumLength"/>.</param>
    /// <returns>A secret that the caller disposes.</returns>
    public static SecretBuffer Derive(SecretBuffer key, ReadOnlySpan<byte> info, int length) =>
        Derive(key, [], info, length);

    /// <summary>As <see cref="Derive(SecretBuffer, ReadOnlySpan{byte}, int)"/>, with a salt.</summary>
    /// <param name="key">The input keying material; stays the caller's.</param>
    /// <param name="salt">Need not be secret; may be empty.</param>
    /// <param name="info">What the result is for.</param>
    /// <param name="length">Bytes wanted, 1 to <see cref="MaximumLength"/>.</param>
    public static SecretBuffer Derive(
        SecretBuffer key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, int length)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaximumLength);
        SecretBuffer derived = SecretBuffer.Allocate(length);
        using SecretBuffer.RevealedSecret input = key.UnsafeReveal();
        using SecretBuffer.RevealedSecret output = derived.UnsafeReveal();
        LibCrypto.HkdfSha256(input.Bytes, salt, info, output.Bytes);
        return derived;
    }
}
