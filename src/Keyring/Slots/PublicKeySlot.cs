using System.Buffers.Binary;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>How a public-key slot reaches its KEK (SLOTS.md, type 2). The numbers are stored and never change.</summary>
public enum SlotAlgorithm : byte
{
    /// <summary>No slot has this.</summary>
    None = 0,

    /// <summary>RSAES-OAEP with SHA-256.</summary>
    RsaOaep = 1,

    /// <summary>Ephemeral ECDH on P-256.</summary>
    EcdhP256 = 2,

    /// <summary>Ephemeral ECDH on P-384.</summary>
    EcdhP384 = 3,

    /// <summary>Ephemeral ECDH on P-521.</summary>
    EcdhP521 = 4,

    /// <summary>Ephemeral X25519.</summary>
    X25519 = 5,
}

/// <summary>Slots of type 2 (SLOTS.md): a public key made them, its private key opens them.</summary>
internal static class PublicKeySlot
{
    /// <summary>Bytes of a key's fingerprint.</summary>
    internal const int FingerprintLength = 16;

    private const int AlgorithmOffset = 16;
    private const int ReservedOffset = 17;
    private const int EncapsulationLengthOffset = 18;
    private const int EncapsulationOffset = 20;
    private const int MinimumModulus = 256;
    private const int MaximumModulus = 1024;

    internal static SlotAreaStatus CheckBody(ReadOnlySpan<byte> body)
    {
        if (body.Length < EncapsulationOffset + WrappedKey.Length)
        {
            return SlotAreaStatus.BadBody;
        }

        if (body[ReservedOffset] != 0)
        {
            return SlotAreaStatus.ReservedNotZero;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(body[EncapsulationLengthOffset..]);
        return length == body.Length - EncapsulationOffset - WrappedKey.Length
            && IsEncapsulationLength((SlotAlgorithm)body[AlgorithmOffset], length)
                ? SlotAreaStatus.Ok
                : SlotAreaStatus.BadBody;
    }

    internal static ReadOnlySpan<byte> Fingerprint(ReadOnlySpan<byte> body) => body[..FingerprintLength];

    internal static SlotAlgorithm Algorithm(ReadOnlySpan<byte> body) => (SlotAlgorithm)body[AlgorithmOffset];

    internal static ReadOnlySpan<byte> Encapsulation(ReadOnlySpan<byte> body) => body[EncapsulationOffset..^WrappedKey.Length];

    private static bool IsEncapsulationLength(SlotAlgorithm algorithm, int length) => algorithm switch
    {
        SlotAlgorithm.RsaOaep => length is >= MinimumModulus and <= MaximumModulus,
        SlotAlgorithm.EcdhP256 => length == 65,
        SlotAlgorithm.EcdhP384 => length == 97,
        SlotAlgorithm.EcdhP521 => length == 133,
        SlotAlgorithm.X25519 => length == 32,
        _ => false,
    };
}
