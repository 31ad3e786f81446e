using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>Slots of type 1 (SLOTS.md): scrypt makes the KEK of a passphrase.</summary>
internal static class PassphraseSlot
{
    /// <summary>No passphrase is longer, in bytes.</summary>
    internal const int MaximumPassphraseLength = 1024;

    private const int BodyLength = ParametersLength + WrappedKey.Length;
    private const int ParametersLength = 36;
    private const int ReservedOffset = 3;
    private const int SaltOffset = 4;
    private const int SaltLength = 32;
    private const int KekLength = 32;

    internal static SlotAreaStatus CheckBody(ReadOnlySpan<byte> body)
    {
        if (body.Length != BodyLength)
        {
            return SlotAreaStatus.BadBody;
        }

        if (body[ReservedOffset] != 0)
        {
            return SlotAreaStatus.ReservedNotZero;
        }

        return ReadCost(body).IsAllowed ? SlotAreaStatus.Ok : SlotAreaStatus.CostTooHigh;
    }

    internal static ScryptCost ReadCost(ReadOnlySpan<byte> body) => new(body[0], body[1], body[2]);

    internal static KeySlot Make(SecretBuffer passphrase, ScryptCost cost, SecretBuffer volumeKey, VolumeKeyId id)
    {
        Span<byte> parameters = stackalloc byte[ParametersLength];
        parameters.Clear();
        parameters[0] = cost.LogN;
        parameters[1] = cost.R;
        parameters[2] = cost.P;
        RandomBytes.Fill(parameters[SaltOffset..]);
        using SecretBuffer kek = DeriveKek(passphrase, parameters);
        return KeySlot.Seal(SlotType.Passphrase, parameters, kek, volumeKey, id);
    }

    internal static bool TryOpen(
        KeySlot slot, SecretBuffer passphrase, VolumeKeyId id, [NotNullWhen(true)] out SecretBuffer? volumeKey)
    {
        using SecretBuffer kek = DeriveKek(passphrase, slot.Body);
        return slot.TryUnseal(kek, id, out volumeKey);
    }

    private static SecretBuffer DeriveKek(SecretBuffer passphrase, ReadOnlySpan<byte> parameters)
    {
        ScryptCost cost = ReadCost(parameters);
        return Scrypt.Derive(
            passphrase, parameters.Slice(SaltOffset, SaltLength), cost.LogN, cost.R, cost.P, KekLength);
    }
}
