using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
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
    private const int RsaSecretLength = 32;
    private const int LongestSharedSecret = 66;
    private const int KekLength = 32;

    private static ReadOnlySpan<byte> OaepLabel => "StackFs slot"u8;

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

    internal static KeySlot Make(PublicKey recipient, SecretBuffer volumeKey, VolumeKeyId id)
    {
        using SecretBuffer shared = Encapsulate(recipient, out byte[] encapsulation);
        byte[] parameters = new byte[EncapsulationOffset + encapsulation.Length];
        recipient.Fingerprint.CopyTo(parameters);
        parameters[AlgorithmOffset] = (byte)recipient.Algorithm;
        BinaryPrimitives.WriteUInt16LittleEndian(
            parameters.AsSpan(EncapsulationLengthOffset), checked((ushort)encapsulation.Length));
        encapsulation.CopyTo(parameters.AsSpan(EncapsulationOffset));
        using SecretBuffer kek = DeriveKek(shared, encapsulation, recipient);
        return KeySlot.Seal(SlotType.PublicKey, parameters, kek, volumeKey, id);
    }

    internal static bool TryOpen(
        KeySlot slot, PublicKey keyPair, VolumeKeyId id, [NotNullWhen(true)] out SecretBuffer? volumeKey)
    {
        volumeKey = null;
        ReadOnlySpan<byte> body = slot.Body;
        if (Algorithm(body) != keyPair.Algorithm || !Fingerprint(body).SequenceEqual(keyPair.Fingerprint))
        {
            return false;
        }

        ReadOnlySpan<byte> encapsulation = body[EncapsulationOffset..^WrappedKey.Length];
        using SecretBuffer? shared = TryDecapsulate(keyPair, encapsulation);
        if (shared is null)
        {
            return false;
        }

        using SecretBuffer kek = DeriveKek(shared, encapsulation, keyPair);
        return slot.TryUnseal(kek, id, out volumeKey);
    }

    private static SecretBuffer Encapsulate(PublicKey recipient, out byte[] encapsulation)
    {
        if (recipient.Algorithm == SlotAlgorithm.RsaOaep)
        {
            SecretBuffer seed = SecretBuffer.Random(RsaSecretLength);
            using SecretBuffer.RevealedSecret bytes = seed.UnsafeReveal();
            encapsulation = LibCrypto.OaepEncrypt(recipient.Handle, OaepLabel, bytes.Bytes);
            return seed;
        }

        LibCrypto.UseSecureHeap();
        using LibCrypto.KeyHandle ephemeral = recipient.Algorithm == SlotAlgorithm.X25519
            ? LibCrypto.Generate("X25519"u8, [], 0)
            : LibCrypto.Generate("EC"u8, Curve(recipient.Algorithm), 0);
        encapsulation = LibCrypto.EncodedPublicKey(ephemeral);
        return TryAgree(ephemeral, recipient.Handle)
            ?? throw LibCrypto.Failure("key agreement with a public key that was accepted");
    }

    private static SecretBuffer? TryDecapsulate(PublicKey keyPair, ReadOnlySpan<byte> encapsulation)
    {
        if (keyPair.Algorithm == SlotAlgorithm.RsaOaep)
        {
            using SecretBuffer output = SecretBuffer.Allocate(LibCrypto.Size(keyPair.Handle));
            using SecretBuffer.RevealedSecret bytes = output.UnsafeReveal();
            return encapsulation.Length == output.Length
                && LibCrypto.TryOaepDecrypt(keyPair.Handle, OaepLabel, encapsulation, bytes.Bytes, out int length)
                && length == RsaSecretLength
                    ? output.Slice(0, RsaSecretLength)
                    : null;
        }

        using LibCrypto.KeyHandle? peer = LibCrypto.TryPeer(keyPair.Handle, encapsulation);
        return peer is null ? null : TryAgree(keyPair.Handle, peer);
    }

    private static SecretBuffer? TryAgree(LibCrypto.KeyHandle mine, LibCrypto.KeyHandle peer)
    {
        using SecretBuffer output = SecretBuffer.Allocate(LongestSharedSecret);
        using SecretBuffer.RevealedSecret bytes = output.UnsafeReveal();
        return LibCrypto.TryAgree(mine, peer, bytes.Bytes, out int length) ? output.Slice(0, length) : null;
    }

    private static SecretBuffer DeriveKek(SecretBuffer shared, ReadOnlySpan<byte> encapsulation, PublicKey recipient) =>
        HkdfSha256.Derive(shared, [.. encapsulation, .. recipient.InfoHash], "StackFs slot KEK"u8, KekLength);

    private static ReadOnlySpan<byte> Curve(SlotAlgorithm algorithm) => algorithm switch
    {
        SlotAlgorithm.EcdhP256 => "P-256"u8,
        SlotAlgorithm.EcdhP384 => "P-384"u8,
        SlotAlgorithm.EcdhP521 => "P-521"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

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
