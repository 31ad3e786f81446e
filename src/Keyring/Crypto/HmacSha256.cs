using System.Security.Cryptography;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Crypto;

/// <summary>HMAC with SHA-256 (RFC 2104, FIPS 198-1). Usable from any thread.</summary>
public static class HmacSha256
{
    /// <summary>Bytes of a code.</summary>
    public const int Length = 32;

    /// <summary>Computes the code of <paramref name="data"/>.</summary>
    /// <param name="key">Any length; stays the caller's.</param>
    /// <param name="data">What to authenticate.</param>
    /// <param name="mac">32 bytes, written.</param>
    public static void Compute(SecretBuffer key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(mac.Length, Length, nameof(mac));
        using SecretBuffer.RevealedSecret secret = key.UnsafeReveal();
        LibCrypto.HmacSha256(secret.Bytes, data, mac);
    }

    /// <summary>Whether <paramref name="mac"/>, 32 bytes, is the code of <paramref name="data"/>, in constant time.</summary>
    public static bool Verify(SecretBuffer key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[Length];
        Compute(key, data, expected);
        return CryptographicOperations.FixedTimeEquals(expected, mac);
    }
}
