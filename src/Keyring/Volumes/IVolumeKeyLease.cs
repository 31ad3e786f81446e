using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;

namespace StackFs.Keyring.Volumes;

/// <summary>
/// The right to use a volume key for now: what a mount holds. Usable from any thread. The key may be in this process
/// (<see cref="LocalVolumeKeyLease"/>) or lent by the keyring daemon, which can ask for it back.
/// </summary>
public interface IVolumeKeyLease : IDisposable
{
    /// <summary>Which key this is; stays known after the key is gone.</summary>
    VolumeKeyId Id { get; }

    /// <summary>Whether the key is gone. An operation that needs it answers ENOKEY then.</summary>
    bool IsRevoked { get; }

    /// <summary>Unwraps a 32-byte key (FEK or NK) that <see cref="Wrap"/> wrapped.</summary>
    /// <param name="wrapped">60 bytes: nonce 12, ciphertext 32, tag 16 (FORMAT.md, "wrapped key").</param>
    /// <param name="additionalData">As it was on wrapping.</param>
    /// <param name="key">The key, which the caller disposes.</param>
    /// <returns>False when it is not authentic, or when <see cref="IsRevoked"/>.</returns>
    bool TryUnwrap(
        ReadOnlySpan<byte> wrapped,
        ReadOnlySpan<byte> additionalData,
        [NotNullWhen(true)] out SecretBuffer? key);

    /// <summary>Wraps a 32-byte key with a fresh nonce.</summary>
    /// <param name="key">Stays the caller's.</param>
    /// <param name="additionalData">What the wrapped key is bound to: label and file id or VK id.</param>
    /// <param name="wrapped">60 bytes, written.</param>
    /// <returns>False, with nothing written, when <see cref="IsRevoked"/>.</returns>
    bool Wrap(SecretBuffer key, ReadOnlySpan<byte> additionalData, Span<byte> wrapped);

    /// <summary>A key of another purpose, HKDF-SHA-256 of the volume key with <paramref name="label"/> as info.</summary>
    /// <param name="label">The purpose; "id" and "wrap" are taken.</param>
    /// <param name="length">Bytes wanted.</param>
    /// <param name="key">The key, which the caller disposes.</param>
    /// <returns>False when <see cref="IsRevoked"/>.</returns>
    bool TryDerive(
        ReadOnlySpan<byte> label,
        int length,
        [NotNullWhen(true)] out SecretBuffer? key);

    /// <summary>Wraps the volume key itself in a new slot.</summary>
    /// <param name="maker">What shall open the slot; stays the caller's.</param>
    /// <param name="slot">The slot, to be added to the volume's configuration.</param>
    /// <returns>False when <see cref="IsRevoked"/>.</returns>
    bool TryMakeSlot(ISlotMaker maker, [NotNullWhen(true)] out KeySlot? slot);
}
