using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>Slots of type 3 (SLOTS.md): HKDF makes the KEK of a random recovery key.</summary>
internal static class RecoverySlot
{
    private const int SaltLength = 32;
    private const int KekLength = 32;

    internal static SlotAreaStatus CheckBody(ReadOnlySpan<byte> body) =>
        body.Length == SaltLength + WrappedKey.Length ? SlotAreaStatus.Ok : SlotAreaStatus.BadBody;

    internal static KeySlot Make(SecretBuffer recoveryKey, SecretBuffer volumeKey, VolumeKeyId id)
    {
        Span<byte> salt = stackalloc byte[SaltLength];
        RandomBytes.Fill(salt);
        using SecretBuffer kek = DeriveKek(recoveryKey, salt);
        return KeySlot.Seal(SlotType.Recovery, salt, kek, volumeKey, id);
    }

    internal static bool TryOpen(
        KeySlot slot, SecretBuffer recoveryKey, VolumeKeyId id, [NotNullWhen(true)] out SecretBuffer? volumeKey)
    {
        using SecretBuffer kek = DeriveKek(recoveryKey, slot.Body[..SaltLength]);
        return slot.TryUnseal(kek, id, out volumeKey);
    }

    private static SecretBuffer DeriveKek(SecretBuffer recoveryKey, ReadOnlySpan<byte> salt) =>
        HkdfSha256.Derive(recoveryKey, salt, "StackFs recovery KEK"u8, KekLength);
}
