using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;

namespace StackFs.Keyring.Volumes;

/// <summary>
/// A volume's configuration that can be believed: made here, or verified with the volume's key (CONFIG.md). Immutable;
/// a change is a copy with <c>with</c>, written by <see cref="ConfigFile"/>.
/// </summary>
public sealed record VolumeConfig
{
    /// <summary>The file's name in a lower root.</summary>
    public const string FileName = "stackfs.conf";

    /// <summary>How names of its temporary files begin; a mount hides them.</summary>
    public const string TemporaryPrefix = ".stackfs.conf.";

    /// <summary>The volume.</summary>
    public required VolumeKeyId Id { get; init; }

    /// <summary>What is decided for the whole volume.</summary>
    public required VolumeSettings Settings { get; init; }

    /// <summary>The ways to its key.</summary>
    public required KeySlotSet Slots { get; init; }

    /// <summary>The public keys of its public-key slots, each a SubjectPublicKeyInfo (DER).</summary>
    public required ImmutableArray<ImmutableArray<byte>> PublicKeys { get; init; }

    /// <summary>The names key, wrapped: 60 bytes, which stand in every file's header too.</summary>
    public required ImmutableArray<byte> WrappedNameKey { get; init; }

    /// <summary>How often the file has been written.</summary>
    public required ulong Generation { get; init; }

    internal static ReadOnlySpan<byte> MacLabel => "config"u8;

    /// <summary>The configuration of a new volume with a fresh names key and no slots.</summary>
    /// <param name="lease">The new volume's key.</param>
    /// <param name="settings">What is decided for it.</param>
    public static VolumeConfig Create(LocalVolumeKeyLease lease, VolumeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(lease);
        byte[] wrapped = new byte[WrappedKey.Length];
        using SecretBuffer nameKey = SecretBuffer.Random(WrappedKey.KeyLength);
        ObjectDisposedException.ThrowIf(!lease.Wrap(nameKey, NameKeyAdditionalData(lease.Id), wrapped), lease);

        return new VolumeConfig
        {
            Id = lease.Id,
            Settings = settings,
            Slots = KeySlotSet.Empty,
            PublicKeys = [],
            WrappedNameKey = [.. wrapped],
            Generation = 1,
        };
    }

    /// <summary>The additional data of a wrapped names key, wherever it stands: "NK" ‖ VK id.</summary>
    public static byte[] NameKeyAdditionalData(VolumeKeyId id)
    {
        byte[] data = [.. "NK"u8, .. new byte[VolumeKeyId.Length]];
        id.CopyTo(data.AsSpan("NK"u8.Length));
        return data;
    }

    /// <summary>Unwraps the names key; false when it was tampered with, or the lease was revoked.</summary>
    /// <param name="lease">This volume's key.</param>
    /// <param name="nameKey">32 bytes, which the caller disposes.</param>
    public bool TryOpenNameKey(IVolumeKeyLease lease, [NotNullWhen(true)] out SecretBuffer? nameKey)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return lease.TryUnwrap(WrappedNameKey.AsSpan(), NameKeyAdditionalData(Id), out nameKey);
    }

    /// <summary>The file's bytes with their MAC; null when the lease was revoked.</summary>
    /// <exception cref="ArgumentException">The lease is on another volume's key.</exception>
    internal byte[]? Serialize(IVolumeKeyLease lease)
    {
        if (lease.Id != Id)
        {
            throw new ArgumentException("the lease is on another volume's key", nameof(lease));
        }

        int slotsLength = Slots.SerializedLength;
        int keysLength = PublicKeyArea.LengthOf(PublicKeys);
        byte[] file = new byte[ConfigLayout.BodyOffset + slotsLength + keysLength + ConfigLayout.MacLength];
        Span<byte> all = file;
        ConfigLayout.Magic.CopyTo(all);
        BinaryPrimitives.WriteUInt16LittleEndian(all[ConfigLayout.VersionOffset..], ConfigLayout.Version);
        all[ConfigLayout.NamesOffset] = (byte)Settings.Names;
        all[ConfigLayout.FormatOffset] = (byte)Settings.Format;
        BinaryPrimitives.WriteUInt32LittleEndian(all[ConfigLayout.LengthOffset..], (uint)file.Length);
        Id.CopyTo(all[ConfigLayout.IdOffset..]);
        WrappedNameKey.AsSpan().CopyTo(all[ConfigLayout.NameKeyOffset..]);
        BinaryPrimitives.WriteUInt32LittleEndian(all[ConfigLayout.SlotsLengthOffset..], (uint)slotsLength);
        BinaryPrimitives.WriteUInt64LittleEndian(all[ConfigLayout.GenerationOffset..], Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(all[ConfigLayout.KeysLengthOffset..], (uint)keysLength);
        Slots.WriteTo(all.Slice(ConfigLayout.BodyOffset, slotsLength));
        PublicKeyArea.Write(PublicKeys, all.Slice(ConfigLayout.BodyOffset + slotsLength, keysLength));
        if (!lease.TryDerive(MacLabel, HmacSha256.Length, out SecretBuffer? macKey))
        {
            return null;
        }

        using (macKey)
        {
            HmacSha256.Compute(macKey, all[..^ConfigLayout.MacLength], all[^ConfigLayout.MacLength..]);
        }

        return file;
    }
}
