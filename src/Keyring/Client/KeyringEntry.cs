using System.Collections.Immutable;
using System.Text;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Client;

/// <summary>A mount that uses a key.</summary>
/// <param name="Process">Its process id.</param>
/// <param name="MountPoint">Where it is mounted, cut to 128 bytes.</param>
public readonly record struct KeyringHolder(int Process, string MountPoint);

/// <summary>A key that the daemon holds, as it lists it.</summary>
public sealed record KeyringEntry
{
    /// <summary>The key.</summary>
    public required VolumeKeyId Id { get; init; }

    /// <summary>What it was opened by.</summary>
    public required SlotType Kind { get; init; }

    /// <summary>Whether it is being taken away.</summary>
    public required KeyState State { get; init; }

    /// <summary>The uid that added it.</summary>
    public required uint Owner { get; init; }

    /// <summary>Since it was added, or its times were last set.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Until it leaves; null for no limit.</summary>
    public required TimeSpan? LifetimeLeft { get; init; }

    /// <summary>Until it leaves unless it is used; null for no limit.</summary>
    public required TimeSpan? IdleLeft { get; init; }

    /// <summary>The lower directory that it was added for.</summary>
    public required string VolumePath { get; init; }

    /// <summary>How many leases there are.</summary>
    public required int LeaseCount { get; init; }

    /// <summary>The first few of them.</summary>
    public required ImmutableArray<KeyringHolder> Holders { get; init; }

    /// <summary>Reads an entry, which fails in the reader when it is none.</summary>
    internal static KeyringEntry Read(ref MessageReader reader)
    {
        VolumeKeyId id = reader.ReadId();
        SlotType kind = (SlotType)reader.ReadByte();
        KeyState state = (KeyState)reader.ReadByte();
        reader.ReadReserved(2);
        uint owner = reader.ReadUInt32();
        uint age = reader.ReadUInt32();
        uint lifetime = reader.ReadUInt32();
        uint idle = reader.ReadUInt32();
        string path = Encoding.UTF8.GetString(reader.ReadText(Wire.MaximumPath));
        int leases = reader.ReadUInt16();
        int listed = reader.ReadUInt16();
        ImmutableArray<KeyringHolder>.Builder holders = ImmutableArray.CreateBuilder<KeyringHolder>();
        for (int i = 0; i < listed && !reader.Failed; i++)
        {
            int process = (int)Math.Min(reader.ReadUInt32(), int.MaxValue);
            holders.Add(new KeyringHolder(process, Encoding.UTF8.GetString(reader.ReadText(Wire.MaximumListedPath))));
        }

        return new KeyringEntry
        {
            Id = id,
            Kind = kind,
            State = state,
            Owner = owner,
            Age = TimeSpan.FromSeconds(age),
            LifetimeLeft = lifetime == 0 ? null : TimeSpan.FromSeconds(lifetime),
            IdleLeft = idle == 0 ? null : TimeSpan.FromSeconds(idle),
            VolumePath = path,
            LeaseCount = leases,
            Holders = holders.ToImmutable(),
        };
    }
}
