namespace StackFs.Keyring.Slots;

/// <summary>What leads to the volume key in a slot (SLOTS.md). The numbers are stored and never change.</summary>
public enum SlotType : byte
{
    /// <summary>No slot has this type.</summary>
    None = 0,

    /// <summary>A passphrase, through scrypt.</summary>
    Passphrase = 1,

    /// <summary>A private key whose public key made the slot.</summary>
    PublicKey = 2,

    /// <summary>A recovery key, shown once when it was made.</summary>
    Recovery = 3,
}
