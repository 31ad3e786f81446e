using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>Opens slots of one type: a passphrase, a recovery key, a private key.</summary>
public interface IKeySource : IDisposable
{
    /// <summary>The only slots it is tried on.</summary>
    SlotType Type { get; }

    /// <summary>Tries one slot; false when it is not this key's.</summary>
    /// <param name="slot">A slot of <see cref="Type"/>.</param>
    /// <param name="id">The volume key that is wanted: what comes out is checked against all of it.</param>
    /// <param name="volumeKey">The volume key, 32 bytes, which the caller disposes.</param>
    bool TryOpen(KeySlot slot, VolumeKeyId id, [NotNullWhen(true)] out SecretBuffer? volumeKey);
}

/// <summary>Makes slots: a passphrase, a recovery key, a public key.</summary>
public interface ISlotMaker
{
    /// <summary>Wraps <paramref name="volumeKey"/>, 32 bytes, whose id is <paramref name="id"/>, in a new slot.</summary>
    KeySlot MakeSlot(SecretBuffer volumeKey, VolumeKeyId id);
}
