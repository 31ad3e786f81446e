using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>
/// The slots of a volume, as they stand in every file's header and in <c>stackfs.conf</c> (SLOTS.md, "Slot area").
/// Immutable; what it parses it writes back byte for byte.
/// </summary>
public sealed class KeySlotSet
{
    /// <summary>No volume has more slots.</summary>
    public const int MaximumCount = 8;

    /// <summary>Bytes that an area takes at most: what a file's header has room for.</summary>
    public const int MaximumAreaLength = 3832;

    private const int HeaderLength = 4;

    private KeySlotSet(ImmutableArray<KeySlot> slots) => Slots = slots;

    /// <summary>A set without slots.</summary>
    public static KeySlotSet Empty { get; } = new([]);

    /// <summary>The slots in their stored order; a slot's number for people is its index.</summary>
    public ImmutableArray<KeySlot> Slots { get; }

    /// <summary>Bytes of the area, without the zeros that may follow.</summary>
    public int SerializedLength => HeaderLength + Slots.Sum(slot => slot.SerializedLength);

    /// <summary>Parses an area, with whatever zeros follow it, or says why not. Runs no key derivation.</summary>
    public static SlotAreaStatus TryParse(ReadOnlySpan<byte> area, out KeySlotSet? set)
    {
        set = null;
        if (area.Length < HeaderLength)
        {
            return SlotAreaStatus.Truncated;
        }

        int count = area[0];
        if (count > MaximumCount)
        {
            return SlotAreaStatus.TooManySlots;
        }

        if (area[1..HeaderLength].ContainsAnyExcept((byte)0))
        {
            return SlotAreaStatus.ReservedNotZero;
        }

        ReadOnlySpan<byte> rest = area[HeaderLength..];
        ImmutableArray<KeySlot>.Builder slots = ImmutableArray.CreateBuilder<KeySlot>(count);
        for (int i = 0; i < count; i++)
        {
            SlotAreaStatus status = KeySlot.TryParse(rest, out KeySlot? slot);
            if (slot is null)
            {
                return status;
            }

            slots.Add(slot);
            rest = rest[slot.SerializedLength..];
        }

        if (rest.ContainsAnyExcept((byte)0))
        {
            return SlotAreaStatus.TrailingBytes;
        }

        KeySlotSet parsed = new(slots.MoveToImmutable());
        SlotAreaStatus limits = parsed.CheckLimits();
        set = limits == SlotAreaStatus.Ok ? parsed : null;
        return limits;
    }

    /// <summary>Writes the area and zeros to the end of <paramref name="destination"/>.</summary>
    public void WriteTo(Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, SerializedLength, nameof(destination));
        destination.Clear();
        destination[0] = (byte)Slots.Length;
        Span<byte> rest = destination[HeaderLength..];
        foreach (KeySlot slot in Slots)
        {
            slot.Serialized.CopyTo(rest);
            rest = rest[slot.SerializedLength..];
        }
    }

    /// <summary>
    /// A set with one more slot, or why there is none: <see cref="SlotAreaStatus.TooManySlots"/> when the count or the
    /// header's room is used up, <see cref="SlotAreaStatus.CostTooHigh"/> when all passphrases together cost too much.
    /// </summary>
    public SlotAreaStatus TryAdd(KeySlot slot, out KeySlotSet? set)
    {
        KeySlotSet larger = new(Slots.Add(slot));
        SlotAreaStatus status = larger.CheckLimits();
        set = status == SlotAreaStatus.Ok ? larger : null;
        return status;
    }

    /// <summary>A set without the slot of that index.</summary>
    public KeySlotSet RemoveAt(int index) => new(Slots.RemoveAt(index));

    /// <summary>Tries a key on every slot of its type, in order.</summary>
    /// <param name="source">The key; stays the caller's.</param>
    /// <param name="id">The volume key that is wanted.</param>
    /// <param name="volumeKey">The volume key, which the caller disposes.</param>
    public UnlockStatus TryOpen(IKeySource source, VolumeKeyId id, out SecretBuffer? volumeKey)
    {
        ArgumentNullException.ThrowIfNull(source);
        volumeKey = null;
        UnlockStatus status = UnlockStatus.NoSuchSlot;
        foreach (KeySlot slot in Slots)
        {
            if (slot.Type == source.Type)
            {
                if (source.TryOpen(slot, id, out volumeKey))
                {
                    return UnlockStatus.Unlocked;
                }

                status = UnlockStatus.WrongKey;
            }
        }

        return status;
    }

    private SlotAreaStatus CheckLimits()
    {
        if (Slots.Length > MaximumCount || SerializedLength > MaximumAreaLength)
        {
            return SlotAreaStatus.TooManySlots;
        }

        long work = Slots.Sum(slot => slot.Cost?.Work ?? 0);
        return work <= Scrypt.MaximumWork ? SlotAreaStatus.Ok : SlotAreaStatus.CostTooHigh;
    }
}
