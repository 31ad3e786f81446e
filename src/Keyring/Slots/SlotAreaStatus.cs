namespace StackFs.Keyring.Slots;

/// <summary>Why a slot area is rejected as a whole (SLOTS.md, "Slot area").</summary>
public enum SlotAreaStatus
{
    /// <summary>It is well formed.</summary>
    Ok = 0,

    /// <summary>It ends before its first fields or within a slot.</summary>
    Truncated,

    /// <summary>More than 8 slots, or slots that do not fit a file's header.</summary>
    TooManySlots,

    /// <summary>A byte that must be zero is not.</summary>
    ReservedNotZero,

    /// <summary>Something follows the last slot.</summary>
    TrailingBytes,

    /// <summary>A slot of a known type has a length or a field that the type does not allow.</summary>
    BadBody,

    /// <summary>scrypt would cost more than a reader ever spends.</summary>
    CostTooHigh,
}
