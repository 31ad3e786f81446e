namespace StackFs.Keyring.Slots;

/// <summary>The outcome of trying a key on the slots of a volume.</summary>
public enum UnlockStatus
{
    /// <summary>The volume key is open.</summary>
    Unlocked = 0,

    /// <summary>The one answer to a wrong passphrase, key or recovery key: no slot opens with it.</summary>
    WrongKey,

    /// <summary>The volume has no slot of this kind at all, so nothing was tried.</summary>
    NoSuchSlot,
}
