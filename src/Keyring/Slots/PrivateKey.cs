using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>
/// A private key, to open slots of its public key and to make them. OpenSSL holds it, its numbers in locked memory.
/// </summary>
public sealed class PrivateKey : IKeySource, ISlotMaker
{
    internal PrivateKey(PublicKey keyPair) => PublicKey = keyPair;

    /// <summary>The public half, disposed with this object.</summary>
    public PublicKey PublicKey { get; }

    /// <inheritdoc/>
    public SlotType Type => SlotType.PublicKey;

    /// <inheritdoc/>
    public bool TryOpen(KeySlot slot, VolumeKeyId id, [NotNullWhen(true)] out SecretBuffer? volumeKey)
    {
        ArgumentNullException.ThrowIfNull(slot);
        return PublicKeySlot.TryOpen(slot, PublicKey, id, out volumeKey);
    }

    /// <inheritdoc/>
    public KeySlot MakeSlot(SecretBuffer volumeKey, VolumeKeyId id) => PublicKey.MakeSlot(volumeKey, id);

    /// <summary>Frees the key; OpenSSL zeroes its numbers.</summary>
    public void Dispose() => PublicKey.Dispose();
}
