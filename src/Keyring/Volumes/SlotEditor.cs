using System.Collections.Immutable;
using StackFs.Keyring.Slots;

namespace StackFs.Keyring.Volumes;

/// <summary>What adding or removing a slot came to.</summary>
public enum SlotEditStatus
{
    /// <summary>The configuration was rewritten.</summary>
    Ok = 0,

    /// <summary>The configuration could not be; see <see cref="SlotEditResult.Config"/>.</summary>
    ConfigFailed,

    /// <summary>The volume has no room for this slot: 8 slots, or the space of a header, are used up.</summary>
    TooManySlots,

    /// <summary>All passphrases together would cost more than a reader spends.</summary>
    CostTooHigh,

    /// <summary>That public key has a slot already.</summary>
    AlreadyThere,

    /// <summary>The volume has no slot of that number.</summary>
    NoSuchSlot,

    /// <summary>It is the last slot, and this was not forced.</summary>
    LastSlot,
}

/// <summary>The outcome of a change of slots.</summary>
/// <param name="Status">What it came to.</param>
/// <param name="Config">What the configuration answered.</param>
public readonly record struct SlotEditResult(SlotEditStatus Status, ConfigStatus Config)
{
    /// <summary>Whether the change is on disk.</summary>
    public bool IsOk => Status == SlotEditStatus.Ok;
}

/// <summary>
/// Adds and removes slots of a volume in its <c>stackfs.conf</c>. Files written before keep the slots in their own
/// headers: a passphrase that was removed still opens a copy of such a file, and only rotation revokes it.
/// </summary>
public static class SlotEditor
{
    /// <summary>Adds a slot; that of a public key with the key itself, so that rotation can rewrap it.</summary>
    /// <param name="file">The volume's configuration file.</param>
    /// <param name="lease">The volume's key.</param>
    /// <param name="config">What the file holds.</param>
    /// <param name="maker">What shall open the slot; stays the caller's.</param>
    /// <param name="changed">What the file holds now.</param>
    public static SlotEditResult Add(
        ConfigFile file, IVolumeKeyLease lease, VolumeConfig config, ISlotMaker maker, out VolumeConfig? changed)
    {
        ArgumentNullException.ThrowIfNull(lease);
        ArgumentNullException.ThrowIfNull(config);
        changed = null;
        SlotEditStatus status = TryAdd(lease, config, maker, out VolumeConfig? next);
        return status switch
        {
            SlotEditStatus.Ok => Write(file, lease, next!, out changed),
            SlotEditStatus.ConfigFailed => new SlotEditResult(status, ConfigStatus.KeyRevoked),
            _ => new SlotEditResult(status, ConfigStatus.Ok),
        };
    }

    /// <summary>A configuration with one more slot, and the public key that belongs to it; writes nothing.</summary>
    /// <returns>ConfigFailed when the lease was revoked, or why the slot cannot be added.</returns>
    internal static SlotEditStatus TryAdd(
        IVolumeKeyLease lease, VolumeConfig config, ISlotMaker maker, out VolumeConfig? next)
    {
        next = null;
        PublicKey? publicKey = maker as PublicKey ?? (maker as PrivateKey)?.PublicKey;
        if (publicKey is not null && FindSlot(config, publicKey) >= 0)
        {
            return SlotEditStatus.AlreadyThere;
        }

        if (!lease.TryMakeSlot(maker, out KeySlot? slot))
        {
            return SlotEditStatus.ConfigFailed;
        }

        SlotAreaStatus fits = config.Slots.TryAdd(slot, out KeySlotSet? slots);
        if (slots is null)
        {
            return fits == SlotAreaStatus.CostTooHigh ? SlotEditStatus.CostTooHigh : SlotEditStatus.TooManySlots;
        }

        next = config with
        {
            Slots = slots,
            PublicKeys = publicKey is null ? config.PublicKeys : config.PublicKeys.Add(publicKey.Info),
        };
        return SlotEditStatus.Ok;
    }

    /// <summary>Removes a slot, and the public key that belongs to it.</summary>
    /// <param name="file">The volume's configuration file.</param>
    /// <param name="lease">The volume's key.</param>
    /// <param name="config">What the file holds.</param>
    /// <param name="index">The slot's number, from 0.</param>
    /// <param name="force">Whether the last slot may go, after which only a lease that is held opens the volume.</param>
    /// <param name="changed">What the file holds now.</param>
    public static SlotEditResult Remove(
        ConfigFile file, IVolumeKeyLease lease, VolumeConfig config, int index, bool force, out VolumeConfig? changed)
    {
        ArgumentNullException.ThrowIfNull(config);
        changed = null;
        if (index < 0 || index >= config.Slots.Slots.Length)
        {
            return new SlotEditResult(SlotEditStatus.NoSuchSlot, ConfigStatus.Ok);
        }

        if (config.Slots.Slots.Length == 1 && !force)
        {
            return new SlotEditResult(SlotEditStatus.LastSlot, ConfigStatus.Ok);
        }

        VolumeConfig next = config with { Slots = config.Slots.RemoveAt(index) };
        return Write(file, lease, next with { PublicKeys = KeysWithSlots(next) }, out changed);
    }

    private static SlotEditResult Write(
        ConfigFile file, IVolumeKeyLease lease, VolumeConfig next, out VolumeConfig? changed)
    {
        ArgumentNullException.ThrowIfNull(file);
        ConfigStatus status = file.Update(lease, next);
        bool written = status == ConfigStatus.Ok;
        changed = written ? next with { Generation = next.Generation + 1 } : null;
        return new SlotEditResult(written ? SlotEditStatus.Ok : SlotEditStatus.ConfigFailed, status);
    }

    private static int FindSlot(VolumeConfig config, PublicKey key)
    {
        for (int i = 0; i < config.Slots.Slots.Length; i++)
        {
            KeySlot slot = config.Slots.Slots[i];
            if (slot.Type == SlotType.PublicKey && slot.Fingerprint.SequenceEqual(key.Fingerprint))
            {
                return i;
            }
        }

        return -1;
    }

    private static ImmutableArray<ImmutableArray<byte>> KeysWithSlots(VolumeConfig config)
    {
        ImmutableArray<ImmutableArray<byte>>.Builder kept = ImmutableArray.CreateBuilder<ImmutableArray<byte>>();
        foreach (ImmutableArray<byte> info in config.PublicKeys)
        {
            if (PublicKey.TryParse(info.AsSpan(), out PublicKey? key) == PublicKeyStatus.Ok)
            {
                using (key)
                {
                    if (FindSlot(config, key!) >= 0)
                    {
                        kept.Add(info);
                    }
                }
            }
        }

        return kept.ToImmutable();
    }
}
