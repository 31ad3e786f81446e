using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Crypto;

/// <summary>scrypt (RFC 7914): a key from a passphrase, at a cost in memory and time.</summary>
public static class Scrypt
{
    /// <summary>No derivation takes more memory, in bytes (1 GiB).</summary>
    public const long MaximumMemory = 1L << 30;

    /// <summary>No derivation does more work: N·r·p, where N = 2^17, r = 8, p = 1 is 2^20.</summary>
    public const long MaximumWork = 1L << 24;

    /// <summary>
    /// Whether the cost is within the limits above and RFC 7914 §2: 1 ≤ logN ≤ 30, 1 ≤ r ≤ 64, 1 ≤ p ≤ 64.
    /// </summary>
    public static bool IsCostAllowed(int logN, int r, int p) =>
        logN is >= 1 and <= 30
        && r is >= 1 and <= 64
        && p is >= 1 and <= 64
        && 128L * r * ((1L << logN) + p) <= MaximumMemory + (1 << 20)
        && (1L << logN) * r * p <= MaximumWork;

    /// <summary>
    /// Derives a secret. OpenSSL's scratch memory is ordinary memory, zeroed afterwards.
    /// </summary>
    /// <param name="passphrase">Stays the caller's.</param>
    /// <param name="salt">Random, stored beside the result's use.</param>
    /// <param name="logN">Cost: N = 2^logN.</param>
    /// <param name="r">Block size factor.</param>
    /// <param name="p">Parallelism, done in sequence.</param>
    /// <param name="length">Bytes wanted.</param>
    /// <returns>A secret that the caller disposes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The cost is not allowed; ask <see cref="IsCostAllowed"/> about parameters from outside.
    /// </exception>
    public static SecretBuffer Derive(
        SecretBuffer passphrase, ReadOnlySpan<byte> salt, int logN, int r, int p, int length)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        if (!IsCostAllowed(logN, r, p))
        {
            throw new ArgumentOutOfRangeException(nameof(logN), $"scrypt cost 2^{logN}, {r}, {p} is not allowed");
        }

        const ulong Slack = 1 << 21; // OpenSSL counts its own small buffers too.
        SecretBuffer derived = SecretBuffer.Allocate(length);
        using SecretBuffer.RevealedSecret input = passphrase.UnsafeReveal();
        using SecretBuffer.RevealedSecret output = derived.UnsafeReveal();
        LibCrypto.Scrypt(
            input.Bytes, salt, 1UL << logN, (uint)r, (uint)p, (ulong)MaximumMemory + Slack, output.Bytes);
        return derived;
    }
}
