using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>A passphrase, to open slots and to make them. One try of one slot is one scrypt: about 0.4 seconds.</summary>
public sealed class PassphraseKey : IKeySource, ISlotMaker
{
    private readonly SecretBuffer _passphrase;
    private readonly ScryptCost _cost;

    /// <summary>Takes ownership of <paramref name="passphrase"/>.</summary>
    /// <param name="passphrase">
    /// As typed, without its line end, 1 to <see cref="MaximumLength"/> bytes.
    /// </param>
    public PassphraseKey(SecretBuffer passphrase)
        : this(passphrase, ScryptCost.Default)
    {
    }

    /// <summary>As <see cref="PassphraseKey(SecretBuffer)"/>, with the cost of the slots that it makes.</summary>
    public PassphraseKey(SecretBuffer passphrase, ScryptCost cost)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(passphrase.Length, MaximumLength, nameof(passphrase));
        if (!cost.IsAllowed)
        {
            throw new ArgumentOutOfRangeException(nameof(cost));
        }

        _passphrase = passphrase;
        _cost = cost;
    }

    /// <summary>No passphrase is longer, in bytes (1,024).</summary>
    public static int MaximumLength => PassphraseSlot.MaximumPassphraseLength;

    /// <inheritdoc/>
    public SlotType Type => SlotType.Passphrase;

    /// <inheritdoc/>
    public bool TryOpen(KeySlot slot, VolumeKeyId id, [NotNullWhen(true)] out SecretBuffer? volumeKey)
    {
        ArgumentNullException.ThrowIfNull(slot);
        return PassphraseSlot.TryOpen(slot, _passphrase, id, out volumeKey);
    }

    /// <inheritdoc/>
    public KeySlot MakeSlot(SecretBuffer volumeKey, VolumeKeyId id)
    {
        ArgumentNullException.ThrowIfNull(volumeKey);
        return PassphraseSlot.Make(_passphrase, _cost, volumeKey, id);
    }

    /// <summary>Wipes the passphrase.</summary>
    public void Dispose() => _passphrase.Dispose();
}
