using System.Buffers.Binary;
using System.Security.Cryptography;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Sources;

namespace StackFs.Keyring.Ecryptfs;

/// <summary>
/// An RSA key pair of eCryptfs's openssl key module: OAEP with SHA-1 and no label (Codecs/Ecryptfs/FORMAT.md section
/// 7). The private part stays inside libcrypto. Calls are serialised.
/// </summary>
public sealed class EcryptfsPrivateKey : IDisposable
{
    /// <summary>Octets of the largest modulus that a packet holds.</summary>
    public const int MaxModulus = 512;

    private const int OaepOverhead = 42;
    private const byte FingerprintTag = 0x99;

    private readonly RSA _rsa;
    private readonly Lock _one = new();

    private EcryptfsPrivateKey(RSA rsa, EcryptfsSignature signature, int modulusBytes)
    {
        _rsa = rsa;
        Signature = signature;
        ModulusBytes = modulusBytes;
    }

    /// <summary>The key's name: the front of an OpenPGP version 4 fingerprint with creation time zero.</summary>
    public EcryptfsSignature Signature { get; }

    /// <summary>Octets of the modulus, and of every ciphertext.</summary>
    public int ModulusBytes { get; }

    /// <summary>Octets of the longest file key that it can wrap.</summary>
    public int MaxFileKeyBytes => ModulusBytes - OaepOverhead - 3;

    /// <summary>Loads the private key of a PEM file.</summary>
    /// <param name="file">The file; stays the caller's.</param>
    /// <param name="passphrase">Null to find out whether one is needed; stays the caller's.</param>
    /// <param name="key">The key, the caller's to dispose; null unless Ok.</param>
    /// <returns>As for any key, except that a short RSA key is taken: eCryptfs made them with 1,024 bits.</returns>
    public static PemStatus Load(PemFile file, SecretBuffer? passphrase, out EcryptfsPrivateKey? key)
    {
        ArgumentNullException.ThrowIfNull(file);
        key = null;
        using SecretBuffer.RevealedSecret text = file.Text.UnsafeReveal();
        PemStatus status = PemFile.TryRead(text.Bytes, passphrase, out LibCrypto.KeyHandle? found);
        if (found is null)
        {
            return status;
        }

        return TryMake(found, out key) ? PemStatus.Ok : PemStatus.UnsupportedKind;
    }

    /// <summary>Loads a private key.</summary>
    /// <param name="pem">A PEM file's contents: PKCS#1 or PKCS#8, plain or encrypted either way.</param>
    /// <param name="passphrase">What opens it, or null for none; stays the caller's.</param>
    /// <param name="key">The key, the caller's to dispose; null when this returns false.</param>
    /// <returns>False when it is no such key, the passphrase does not open it, or its modulus is too large.</returns>
#pragma warning disable CA1416 // This library runs on Linux only.
    public static bool TryLoadPem(ReadOnlySpan<byte> pem, SecretBuffer? passphrase, out EcryptfsPrivateKey? key)
    {
        key = null;
        return PemFile.TryRead(pem, passphrase, out LibCrypto.KeyHandle? found) == PemStatus.Ok
            && TryMake(found!, out key);
    }

    private static bool TryMake(LibCrypto.KeyHandle found, out EcryptfsPrivateKey? key)
    {
        key = null;
        using SafeEvpPKeyHandle handle = found.Give();
        RSA? rsa = null;
        try
        {
            rsa = new RSAOpenSsl(handle);
            RSAParameters parameters = rsa.ExportParameters(includePrivateParameters: false);
            if (parameters.Modulus is not { Length: <= MaxModulus } modulus || parameters.Exponent is not { } exponent)
            {
                rsa.Dispose();
                return false;
            }

            key = new EcryptfsPrivateKey(rsa, Sign(modulus, exponent), modulus.Length);
            return true;
        }
        catch (CryptographicException)
        {
            // Not an RSA key.
            rsa?.Dispose();
            return false;
        }
    }
#pragma warning restore CA1416

    /// <summary>Wraps a message.</summary>
    /// <param name="message">At most <see cref="MaxFileKeyBytes"/> + 3 octets; stays the caller's.</param>
    /// <returns>As many octets as the modulus.</returns>
    public byte[] Encrypt(SecretBuffer message)
    {
        ArgumentNullException.ThrowIfNull(message);
        lock (_one)
        {
            return message.Use(_rsa, static (octets, rsa) =>
            {
                byte[] ciphertext = new byte[(rsa.KeySize + 7) / 8];
                return rsa.Encrypt(octets, ciphertext, RSAEncryptionPadding.OaepSHA1) == ciphertext.Length
                    ? ciphertext
                    : throw new CryptographicException("A ciphertext of another length than the modulus.");
            });
        }
    }

    /// <summary>Unwraps a message.</summary>
    /// <param name="ciphertext">From a packet.</param>
    /// <returns>The message, the caller's to dispose; null when it was not made for this key or is damaged.</returns>
    public SecretBuffer? TryDecrypt(ReadOnlySpan<byte> ciphertext)
    {
        if (ciphertext.Length != ModulusBytes)
        {
            return null;
        }

        using SecretBuffer room = SecretBuffer.Allocate(ModulusBytes);
        int length;
        lock (_one)
        {
            DecryptRequest request = new(_rsa, ciphertext, new int[1]);
            try
            {
                room.Fill(request, static (to, state) =>
                    state.Length[0] = state.Rsa.Decrypt(state.Ciphertext, to, RSAEncryptionPadding.OaepSHA1));
            }
            catch (CryptographicException)
            {
                // The padding is the check: a ciphertext for another key, or damage.
                return null;
            }

            length = request.Length[0];
        }

        return length == 0 ? null : room.Slice(0, length);
    }

    /// <inheritdoc/>
    public void Dispose() => _rsa.Dispose();

    /// <summary>The signature of a public key, from its big-endian modulus and exponent.</summary>
    internal static EcryptfsSignature Sign(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        modulus = modulus.TrimStart((byte)0);
        exponent = exponent.TrimStart((byte)0);
        int bodyLength = 6 + 2 + modulus.Length + 2 + exponent.Length;
        byte[] text = new byte[3 + bodyLength];
        text[0] = FingerprintTag;
        BinaryPrimitives.WriteUInt16BigEndian(text.AsSpan(1), checked((ushort)bodyLength));
        text[3] = 4; // version; the creation time after it is zero
        text[8] = 2; // algorithm
        int at = 9;
        at += WriteInteger(text.AsSpan(at), modulus);
        _ = WriteInteger(text.AsSpan(at), exponent);
        Span<byte> digest = stackalloc byte[20];
#pragma warning disable CA5350 // The fingerprint names a key; SHA-1 is the format's.
        _ = SHA1.HashData(text, digest);
#pragma warning restore CA5350
        return new EcryptfsSignature(digest[..EcryptfsSignature.Size]);
    }

    private static int WriteInteger(Span<byte> destination, ReadOnlySpan<byte> octets)
    {
        int bits = octets.IsEmpty ? 0 : (octets.Length * 8) - (byte.LeadingZeroCount(octets[0]));
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)bits);
        octets.CopyTo(destination[2..]);
        return 2 + octets.Length;
    }

    private readonly ref struct DecryptRequest(RSA rsa, ReadOnlySpan<byte> ciphertext, int[] length)
    {
        internal RSA Rsa { get; } = rsa;

        internal ReadOnlySpan<byte> Ciphertext { get; } = ciphertext;

        internal int[] Length { get; } = length;
    }
}
