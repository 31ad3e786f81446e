using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Volumes;

/// <summary>
/// A 32-byte key under another: nonce 12, ciphertext 32, tag 16, by AES-256-GCM (SLOTS.md, "Wrapped VK"; FORMAT.md).
/// </summary>
public static class WrappedKey
{
    /// <summary>Bytes of the key inside.</summary>
    public const int KeyLength = 32;

    /// <summary>Bytes of a wrapped key.</summary>
    public const int Length = Aes256Gcm.NonceLength + KeyLength + Aes256Gcm.TagLength;

    private const int TagOffset = Aes256Gcm.NonceLength + KeyLength;

    /// <summary>Wraps <paramref name="key"/> under <paramref name="wrappingKey"/> with a fresh random nonce.</summary>
    /// <param name="wrappingKey">32 bytes.</param>
    /// <param name="key">32 bytes.</param>
    /// <param name="additionalData">What the result is bound to.</param>
    /// <param name="wrapped">60 bytes, written.</param>
    internal static void Wrap(
        SecretBuffer wrappingKey, SecretBuffer key, ReadOnlySpan<byte> additionalData, Span<byte> wrapped)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength, nameof(key));
        ArgumentOutOfRangeException.ThrowIfNotEqual(wrapped.Length, Length, nameof(wrapped));
        using Aes256Gcm cipher = new(wrappingKey);
        using SecretBuffer.RevealedSecret plaintext = key.UnsafeReveal();
        Span<byte> nonce = wrapped[..Aes256Gcm.NonceLength];
        RandomBytes.Fill(nonce);
        cipher.Encrypt(
            nonce, additionalData, plaintext.Bytes, wrapped[Aes256Gcm.NonceLength..TagOffset], wrapped[TagOffset..]);
    }

    /// <summary>Unwraps; false when it is not authentic.</summary>
    internal static bool TryUnwrap(
        SecretBuffer wrappingKey, ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> additionalData,
        [NotNullWhen(true)] out SecretBuffer? key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(wrapped.Length, Length, nameof(wrapped));
        key = null;
        using Aes256Gcm cipher = new(wrappingKey);
        SecretBuffer opened = SecretBuffer.Allocate(KeyLength);
        using (SecretBuffer.RevealedSecret plaintext = opened.UnsafeReveal())
        {
            if (cipher.Decrypt(
                wrapped[..Aes256Gcm.NonceLength], additionalData, wrapped[Aes256Gcm.NonceLength..TagOffset],
                wrapped[TagOffset..], plaintext.Bytes))
            {
                key = opened;
                return true;
            }
        }

        opened.Dispose();
        return false;
    }
}
