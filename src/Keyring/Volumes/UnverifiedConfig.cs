using System.Buffers.Binary;
using System.Collections.Immutable;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;

namespace StackFs.Keyring.Volumes;

/// <summary>
/// A well-formed <c>stackfs.conf</c> that anybody may have written: it offers its slots, and its VK id as a claim.
/// Everything else is reached through <see cref="Verify"/> only (CONFIG.md, rule 3).
/// </summary>
public sealed class UnverifiedConfig
{
    private readonly byte[] _bytes;
    private readonly ImmutableArray<ImmutableArray<byte>> _publicKeys;

    private UnverifiedConfig(byte[] bytes, KeySlotSet slots, ImmutableArray<ImmutableArray<byte>> publicKeys)
    {
        _bytes = bytes;
        _publicKeys = publicKeys;
        Slots = slots;
    }

    /// <summary>The volume that this claims to be: to be compared with the pinned one before any key is asked for.</summary>
    public VolumeKeyId ClaimedId => new(_bytes.AsSpan(ConfigLayout.IdOffset, VolumeKeyId.Length));

    /// <summary>The slots.</summary>
    public KeySlotSet Slots { get; }

    /// <summary>Parses a whole file, or says why not. Runs no key derivation.</summary>
    public static ConfigStatus TryParse(ReadOnlySpan<byte> file, out UnverifiedConfig? config)
    {
        config = null;
        if (!file.StartsWith(ConfigLayout.Magic))
        {
            bool cutOff = file.IsEmpty || ConfigLayout.Magic.StartsWith(file);
            return cutOff ? ConfigStatus.Damaged : ConfigStatus.NotAConfig;
        }

        if (file.Length < ConfigLayout.MinimumLength || file.Length > ConfigLayout.MaximumLength)
        {
            return ConfigStatus.Damaged;
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(file[ConfigLayout.VersionOffset..]);
        if (version != ConfigLayout.Version)
        {
            return version > ConfigLayout.Version ? ConfigStatus.MadeByNewerVersion : ConfigStatus.Damaged;
        }

        return TryParseBody(file, out config);
    }

    /// <summary>Opens the slots with a key.</summary>
    /// <param name="source">The key; stays the caller's.</param>
    /// <param name="lease">The volume key, held in this process, which the caller disposes.</param>
    public UnlockStatus Unlock(IKeySource source, out LocalVolumeKeyLease? lease)
    {
        UnlockStatus status = Slots.TryOpen(source, ClaimedId, out SecretBuffer? volumeKey);
        lease = volumeKey is null ? null : new LocalVolumeKeyLease(volumeKey);
        return status;
    }

    /// <summary>Checks the MAC with the volume's key, after which the settings may be believed.</summary>
    /// <returns>
    /// <see cref="ConfigStatus.Ok"/>, <see cref="ConfigStatus.TamperedWith"/>,
    /// <see cref="ConfigStatus.MadeByNewerVersion"/> or <see cref="ConfigStatus.KeyRevoked"/>.
    /// </returns>
    public ConfigStatus Verify(IVolumeKeyLease lease, out VolumeConfig? config)
    {
        ArgumentNullException.ThrowIfNull(lease);
        config = null;
        if (lease.Id != ClaimedId)
        {
            return ConfigStatus.TamperedWith;
        }

        if (!lease.TryDerive(VolumeConfig.MacLabel, HmacSha256.Length, out SecretBuffer? macKey))
        {
            return ConfigStatus.KeyRevoked;
        }

        using (macKey)
        {
            if (!HmacSha256.Verify(macKey, _bytes.AsSpan(..^ConfigLayout.MacLength), _bytes.AsSpan(^ConfigLayout.MacLength..)))
            {
                return ConfigStatus.TamperedWith;
            }
        }

        VolumeSettings settings = new(
            (NamesMode)_bytes[ConfigLayout.NamesOffset], (FileFormat)_bytes[ConfigLayout.FormatOffset]);
        if (!Enum.IsDefined(settings.Names) || !Enum.IsDefined(settings.Format))
        {
            return ConfigStatus.MadeByNewerVersion;
        }

        config = new VolumeConfig
        {
            Id = ClaimedId,
            Settings = settings,
            Slots = Slots,
            PublicKeys = _publicKeys,
            WrappedNameKey = [.. _bytes.AsSpan(ConfigLayout.NameKeyOffset, WrappedKey.Length)],
            Generation = BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(ConfigLayout.GenerationOffset)),
        };
        return ConfigStatus.Ok;
    }

    private static ConfigStatus TryParseBody(ReadOnlySpan<byte> file, out UnverifiedConfig? config)
    {
        config = null;
        long length = BinaryPrimitives.ReadUInt32LittleEndian(file[ConfigLayout.LengthOffset..]);
        long slotsLength = BinaryPrimitives.ReadUInt32LittleEndian(file[ConfigLayout.SlotsLengthOffset..]);
        long keysLength = BinaryPrimitives.ReadUInt32LittleEndian(file[ConfigLayout.KeysLengthOffset..]);
        uint reserved = BinaryPrimitives.ReadUInt32LittleEndian(file[ConfigLayout.ReservedOffset..]);
        ulong generation = BinaryPrimitives.ReadUInt64LittleEndian(file[ConfigLayout.GenerationOffset..]);
        if (length != file.Length
            || ConfigLayout.BodyOffset + slotsLength + keysLength + ConfigLayout.MacLength != length
            || reserved != 0
            || generation == 0)
        {
            return ConfigStatus.Damaged;
        }

        ReadOnlySpan<byte> slotArea = file.Slice(ConfigLayout.BodyOffset, (int)slotsLength);
        ReadOnlySpan<byte> keyArea = file.Slice(ConfigLayout.BodyOffset + (int)slotsLength, (int)keysLength);
        SlotAreaStatus slotStatus = KeySlotSet.TryParse(slotArea, out KeySlotSet? slots);
        if (slotStatus == SlotAreaStatus.CostTooHigh)
        {
            return ConfigStatus.CostTooHigh;
        }

        if (slots is null
            || slots.SerializedLength != slotsLength
            || !PublicKeyArea.TryParse(keyArea, out ImmutableArray<ImmutableArray<byte>> publicKeys))
        {
            return ConfigStatus.Damaged;
        }

        config = new UnverifiedConfig(file.ToArray(), slots, publicKeys);
        return ConfigStatus.Ok;
    }
}
