using System.Collections.Immutable;
using System.Security.Cryptography;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>What a PEM's key is worth to us.</summary>
public enum PublicKeyStatus
{
    /// <summary>It can make slots.</summary>
    Ok = 0,

    /// <summary>Neither RSA, nor EC on P-256, P-384 or P-521, nor X25519.</summary>
    UnsupportedKind,

    /// <summary>RSA below 2,048 bits: refused.</summary>
    WeakRsa,

    /// <summary>RSA above 8,192 bits: refused.</summary>
    HugeRsa,
}

/// <summary>A public key that makes slots of type 2 (SLOTS.md). Its private key opens them.</summary>
public sealed class PublicKey : ISlotMaker, IDisposable
{
    private const int HashLength = 32;
    private const int MinimumRsaBits = 2048;
    private const int MaximumRsaBits = 8192;

    private readonly LibCrypto.KeyHandle _key;
    private readonly byte[] _infoHash = new byte[HashLength];

    private PublicKey(LibCrypto.KeyHandle key, SlotAlgorithm algorithm)
    {
        _key = key;
        Algorithm = algorithm;
        Bits = LibCrypto.Bits(key);
        Info = [.. LibCrypto.PublicKeyInfo(key)];
        LibCrypto.Sha256(Info.AsSpan(), _infoHash);
    }

    /// <summary>How its slots reach their KEK.</summary>
    public SlotAlgorithm Algorithm { get; }

    /// <summary>The size of the key: RSA's modulus, or a curve's order.</summary>
    public int Bits { get; }

    /// <summary>The SubjectPublicKeyInfo (DER), as <see cref="VolumeConfig.PublicKeys"/> keeps it.</summary>
    public ImmutableArray<byte> Info { get; }

    /// <summary>16 bytes that name the key in a slot.</summary>
    public ReadOnlySpan<byte> Fingerprint => _infoHash.AsSpan(0, PublicKeySlot.FingerprintLength);

    /// <summary>SHA-256 of <see cref="Info"/>, which goes into the KEK.</summary>
    internal ReadOnlySpan<byte> InfoHash => _infoHash;

    /// <summary>The native key, this object's.</summary>
    internal LibCrypto.KeyHandle Handle => _key;

    /// <summary>Reads a SubjectPublicKeyInfo (DER), such as one of <see cref="VolumeConfig.PublicKeys"/>.</summary>
    public static PublicKeyStatus TryParse(ReadOnlySpan<byte> info, out PublicKey? key)
    {
        key = null;
        LibCrypto.KeyHandle? handle = LibCrypto.TryParsePublicKeyInfo(info);
        return handle is null ? PublicKeyStatus.UnsupportedKind : TryMake(handle, out key);
    }

    /// <summary>
    /// Takes <paramref name="handle"/>, whatever the outcome; the private half, if it has one, does not matter here.
    /// </summary>
    internal static PublicKeyStatus TryMake(LibCrypto.KeyHandle handle, out PublicKey? key)
    {
        PublicKeyStatus status = Judge(handle, out SlotAlgorithm algorithm);
        if (status != PublicKeyStatus.Ok)
        {
            handle.Dispose();
            key = null;
            return status;
        }

        if (algorithm is SlotAlgorithm.EcdhP256 or SlotAlgorithm.EcdhP384 or SlotAlgorithm.EcdhP521)
        {
            LibCrypto.NormaliseEncoding(handle);
        }

        key = new PublicKey(handle, algorithm);
        return status;
    }

    /// <inheritdoc/>
    public KeySlot MakeSlot(SecretBuffer volumeKey, VolumeKeyId id) =>
        PublicKeySlot.Make(this, volumeKey, id);

    /// <summary>The key as PEM ("PUBLIC KEY", RFC 7468 §13), to be kept where only slots are made.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", Info.AsSpan()) + "\n";

    /// <summary>32 lower-case hexadecimal digits of the fingerprint.</summary>
    public override string ToString() => Convert.ToHexStringLower(Fingerprint);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static PublicKeyStatus Judge(LibCrypto.KeyHandle handle, out SlotAlgorithm algorithm)
    {
        algorithm = SlotAlgorithm.None;
        if (LibCrypto.IsA(handle, "RSA"u8))
        {
            algorithm = SlotAlgorithm.RsaOaep;
            int bits = LibCrypto.Bits(handle);
            return bits < MinimumRsaBits ? PublicKeyStatus.WeakRsa
                : bits > MaximumRsaBits ? PublicKeyStatus.HugeRsa
                : PublicKeyStatus.Ok;
        }

        if (LibCrypto.IsA(handle, "X25519"u8))
        {
            algorithm = SlotAlgorithm.X25519;
        }
        else if (LibCrypto.IsA(handle, "EC"u8))
        {
            algorithm = LibCrypto.GroupName(handle) switch
            {
                "prime256v1" or "P-256" => SlotAlgorithm.EcdhP256,
                "secp384r1" or "P-384" => SlotAlgorithm.EcdhP384,
                "secp521r1" or "P-521" => SlotAlgorithm.EcdhP521,
                _ => SlotAlgorithm.None,
            };
        }

        return algorithm == SlotAlgorithm.None ? PublicKeyStatus.UnsupportedKind : PublicKeyStatus.Ok;
    }
}
