using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>
/// One slot as it is stored: type, reserved byte, body length, body (SLOTS.md). Immutable, and well formed: no other
/// can be made.
/// </summary>
public sealed class KeySlot
{
    /// <summary>Bytes before the body.</summary>
    internal const int HeaderLength = 4;

    /// <summary>No body is longer, of whatever type.</summary>
    internal const int MaximumBodyLength = 2048;

    private const int LengthOffset = 2;

    private readonly byte[] _bytes;

    private KeySlot(byte[] bytes) => _bytes = bytes;

    /// <summary>The type; may be one that this version does not know.</summary>
    public SlotType Type => (SlotType)_bytes[0];

    /// <summary>Bytes of the slot in an area.</summary>
    public int SerializedLength => _bytes.Length;

    /// <summary>The whole slot as stored.</summary>
    public ReadOnlySpan<byte> Serialized => _bytes;

    /// <summary>The body as stored.</summary>
    public ReadOnlySpan<byte> Body => _bytes.AsSpan(HeaderLength);

    /// <summary>scrypt's cost in a passphrase slot, null in others.</summary>
    public ScryptCost? Cost => Type == SlotType.Passphrase ? PassphraseSlot.ReadCost(Body) : null;

    /// <summary>The public key's fingerprint in a public-key slot, empty in others.</summary>
    public ReadOnlySpan<byte> Fingerprint => Type == SlotType.PublicKey ? PublicKeySlot.Fingerprint(Body) : [];

    /// <summary>How a public-key slot reaches its key, None in others.</summary>
    public SlotAlgorithm Algorithm =>
        Type == SlotType.PublicKey ? PublicKeySlot.Algorithm(Body) : SlotAlgorithm.None;

    /// <summary>
    /// Takes the first slot of <paramref name="area"/>, whose bytes it copies.
    /// </summary>
    internal static SlotAreaStatus TryParse(ReadOnlySpan<byte> area, out KeySlot? slot)
    {
        slot = null;
        if (area.Length < HeaderLength)
        {
            return SlotAreaStatus.Truncated;
        }

        int bodyLength = BinaryPrimitives.ReadUInt16LittleEndian(area[LengthOffset..]);
        if (area[1] != 0)
        {
            return SlotAreaStatus.ReservedNotZero;
        }

        if (bodyLength > area.Length - HeaderLength)
        {
            return SlotAreaStatus.Truncated;
        }

        SlotAreaStatus status = CheckBody((SlotType)area[0], area.Slice(HeaderLength, bodyLength));
        if (status == SlotAreaStatus.Ok)
        {
            slot = new KeySlot(area[..(HeaderLength + bodyLength)].ToArray());
        }

        return status;
    }

    /// <summary>
    /// Builds a slot: <paramref name="parameters"/>, then <paramref name="volumeKey"/> wrapped under
    /// <paramref name="kek"/>, bound to type, parameters and <paramref name="id"/>.
    /// </summary>
    internal static KeySlot Seal(
        SlotType type, ReadOnlySpan<byte> parameters, SecretBuffer kek, SecretBuffer volumeKey, VolumeKeyId id)
    {
        int bodyLength = parameters.Length + WrappedKey.Length;
        byte[] bytes = new byte[HeaderLength + bodyLength];
        bytes[0] = (byte)type;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(LengthOffset), checked((ushort)bodyLength));
        parameters.CopyTo(bytes.AsSpan(HeaderLength));
        KeySlot slot = new(bytes);
        WrappedKey.Wrap(kek, volumeKey, slot.AdditionalData(id), bytes.AsSpan(bytes.Length - WrappedKey.Length));
        return slot;
    }

    /// <summary>
    /// Unwraps the volume key; false when the KEK is another's, or when the key inside is not the one that
    /// <paramref name="id"/> names.
    /// </summary>
    internal bool TryUnseal(SecretBuffer kek, VolumeKeyId id, [NotNullWhen(true)] out SecretBuffer? volumeKey)
    {
        ReadOnlySpan<byte> wrapped = _bytes.AsSpan(_bytes.Length - WrappedKey.Length);
        if (!WrappedKey.TryUnwrap(kek, wrapped, AdditionalData(id), out volumeKey))
        {
            return false;
        }

        if (VolumeKeyId.Of(volumeKey) != id)
        {
            volumeKey.Dispose();
            volumeKey = null;
        }

        return volumeKey is not null;
    }

    private byte[] AdditionalData(VolumeKeyId id)
    {
        Span<byte> idBytes = stackalloc byte[VolumeKeyId.Length];
        id.CopyTo(idBytes);
        return [.. "StackFs slot"u8, .. idBytes, .. _bytes.AsSpan(0, _bytes.Length - WrappedKey.Length)];
    }

    private static SlotAreaStatus CheckBody(SlotType type, ReadOnlySpan<byte> body) => type switch
    {
        SlotType.None => SlotAreaStatus.BadBody,
        SlotType.Passphrase => PassphraseSlot.CheckBody(body),
        SlotType.PublicKey => PublicKeySlot.CheckBody(body),
        SlotType.Recovery => RecoverySlot.CheckBody(body),
        _ => body.Length <= MaximumBodyLength ? SlotAreaStatus.Ok : SlotAreaStatus.BadBody,
    };
}
