using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;

namespace StackFs.Keyring.Sources;

/// <summary>
/// A PEM file in secret memory: PKCS#1, SEC 1, PKCS#8, encrypted PKCS#8, the old <c>Proc-Type: 4,ENCRYPTED</c> form,
/// public keys and certificates. OpenSSL parses it; what is encrypted is
/// decrypted in secret memory before (<see cref="EncryptedPem"/>).
/// </summary>
public sealed class PemFile : IDisposable
{
    private const int MaximumLength = 64 * 1024;
    private const uint PrivateMode = 0x180; // 0600
    private const uint OthersMayRead = 0x24; // 0044

    private readonly SecretBuffer _text;

    private PemFile(SecretBuffer text, bool readableByOthers)
    {
        _text = text;
        ReadableByOthers = readableByOthers;
    }

    /// <summary>Whether group or everybody may read the file: to be warned about when it holds a private key.</summary>
    public bool ReadableByOthers { get; }

    /// <summary>Whether there is a private key in it, encrypted or not.</summary>
    public bool HasPrivateKey => _text.Use(0, static (text, _) => MayHavePrivateKey(text));

    /// <summary>Reads a file whole.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="file">The file, which the caller disposes.</param>
    /// <param name="error">What the system refused, where the file could not be read.</param>
    /// <returns>Ok, NotPem, or TooLong; meaningless with an error.</returns>
    public static PemStatus Open(string path, out PemFile? file, out Errno error)
    {
        file = null;
        error = Posix.OpenForReading(path, out SafeFd fd);
        using (fd)
        {
            Posix.FileStatus status = default;
            error = error == Errno.None ? Posix.Status(fd, out status) : error;
            if (error != Errno.None)
            {
                return PemStatus.NotPem;
            }

            using SecretBuffer content = SecretBuffer.Allocate(MaximumLength + 1);
            using SecretBuffer.RevealedSecret bytes = content.UnsafeReveal();
            error = Posix.ReadToEnd(fd, bytes.Bytes, out int length);
            if (error != Errno.None || length > MaximumLength)
            {
                return PemStatus.TooLong;
            }

            if (bytes.Bytes[..length].IndexOf("-----BEGIN "u8) < 0)
            {
                return PemStatus.NotPem;
            }

            file = new PemFile(content.Slice(0, length), status.IsRegular && (status.Mode & OthersMayRead) != 0);
            return PemStatus.Ok;
        }
    }

    /// <summary>The file's text, for readers of other formats in this library; stays this object's.</summary>
    internal SecretBuffer Text => _text;

    /// <summary>Opens the first private key.</summary>
    /// <param name="passphrase">Null to find out whether one is needed; stays the caller's.</param>
    /// <param name="key">The key, which the caller disposes.</param>
    public PemStatus TryOpenPrivateKey(SecretBuffer? passphrase, out PrivateKey? key)
    {
        key = null;
        using SecretBuffer.RevealedSecret text = _text.UnsafeReveal();
        PemStatus status = TryRead(text.Bytes, passphrase, out LibCrypto.KeyHandle? handle);
        if (handle is null)
        {
            return status;
        }

        status = Judge(PublicKey.TryMake(handle, out PublicKey? pair));
        key = pair is null ? null : new PrivateKey(pair);
        return status;
    }

    /// <summary>Opens the first public key, or that of the first certificate: enough to make a slot.</summary>
    /// <param name="key">The key, which the caller disposes.</param>
    public PemStatus TryOpenPublicKey(out PublicKey? key)
    {
        key = null;
        using SecretBuffer.RevealedSecret text = _text.UnsafeReveal();
        LibCrypto.KeyHandle? handle = LibCrypto.TryReadPublicKey(text.Bytes);
        return handle is null ? PemStatus.Damaged : Judge(PublicKey.TryMake(handle, out key));
    }

    /// <summary>Makes a key pair.</summary>
    /// <param name="algorithm">RSA has 3,072 bits.</param>
    /// <returns>The key, which the caller disposes.</returns>
    public static PrivateKey Generate(SlotAlgorithm algorithm)
    {
        const int RsaBits = 3072;
        LibCrypto.UseSecureHeap();
        LibCrypto.KeyHandle handle = algorithm switch
        {
            SlotAlgorithm.RsaOaep => LibCrypto.Generate("RSA"u8, [], RsaBits),
            SlotAlgorithm.EcdhP256 => LibCrypto.Generate("EC"u8, "P-256"u8, 0),
            SlotAlgorithm.EcdhP384 => LibCrypto.Generate("EC"u8, "P-384"u8, 0),
            SlotAlgorithm.EcdhP521 => LibCrypto.Generate("EC"u8, "P-521"u8, 0),
            SlotAlgorithm.X25519 => LibCrypto.Generate("X25519"u8, [], 0),
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
        };
        PublicKeyStatus status = PublicKey.TryMake(handle, out PublicKey? pair);
        return pair is not null ? new PrivateKey(pair) : throw new InvalidOperationException($"made a bad key: {status}");
    }

    /// <summary>
    /// Writes a private key as PKCS#8 to a new file of mode 0600, and fsyncs it; EEXIST when there is one. Nothing is left of
    /// a file that could not be written whole.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="key">Stays the caller's.</param>
    /// <param name="passphrase">Encrypts it; null for none.</param>
    public static Errno Write(string path, PrivateKey key, SecretBuffer? passphrase)
    {
        ArgumentNullException.ThrowIfNull(key);
        using SecretBuffer text = Encode(key.PublicKey.Handle, passphrase);
        Errno error = Posix.CreateExclusive(path, PrivateMode, out SafeFd fd);
        using (fd)
        {
            if (error != Errno.None)
            {
                return error;
            }

            using SecretBuffer.RevealedSecret bytes = text.UnsafeReveal();
            error = Posix.WriteAll(fd, bytes.Bytes);
            error = error == Errno.None ? Posix.Sync(fd) : error;
        }

        if (error != Errno.None)
        {
            _ = Posix.Unlink(path); // The first error is the one to report.
        }

        return error;
    }

    /// <summary>Wipes the text.</summary>
    public void Dispose() => _text.Dispose();

    /// <summary>The first private key of any kind in a PEM text, within bounds of size and cost.</summary>
    internal static PemStatus TryRead(
        ReadOnlySpan<byte> pem, SecretBuffer? passphrase, out LibCrypto.KeyHandle? key)
    {
        key = null;
        if (pem.Length > MaximumLength)
        {
            return PemStatus.TooLong;
        }

        if (!MayHavePrivateKey(pem))
        {
            return pem.IndexOf("-----BEGIN "u8) < 0 ? PemStatus.NotPem : PemStatus.NoPrivateKey;
        }

        PemStatus cost = PemCost.Check(pem);
        if (cost != PemStatus.Ok)
        {
            return cost;
        }

        if (passphrase is null)
        {
            key = LibCrypto.TryReadPrivateKey(pem, [], out bool asked);
            return key is not null ? PemStatus.Ok : asked ? PemStatus.NeedsPassphrase : PemStatus.Damaged;
        }

        using SecretBuffer.RevealedSecret bytes = passphrase.UnsafeReveal();
        PemStatus status = EncryptedPem.TryDecrypt(pem, bytes.Bytes, out SecretBuffer? plain);
        if (status != PemStatus.Ok)
        {
            return status;
        }

        if (plain is null)
        {
            key = LibCrypto.TryReadPrivateKey(pem, bytes.Bytes, out bool asked);
            return key is not null ? PemStatus.Ok : asked ? PemStatus.WrongPassphrase : PemStatus.Damaged;
        }

        using (plain)
        {
            using SecretBuffer.RevealedSecret text = plain.UnsafeReveal();
            key = LibCrypto.TryReadPrivateKey(text.Bytes, [], out _);
            return key is not null ? PemStatus.Ok : PemStatus.WrongPassphrase; // Noise that happened to have its padding.
        }
    }

    private static bool MayHavePrivateKey(ReadOnlySpan<byte> pem) => pem.IndexOf("PRIVATE KEY-----"u8) >= 0;

    private static SecretBuffer Encode(LibCrypto.KeyHandle key, SecretBuffer? passphrase)
    {
        if (passphrase is null)
        {
            return LibCrypto.WritePrivateKey(key, []);
        }

        using SecretBuffer.RevealedSecret bytes = passphrase.UnsafeReveal();
        return LibCrypto.WritePrivateKey(key, bytes.Bytes);
    }

    private static PemStatus Judge(PublicKeyStatus status) => status switch
    {
        PublicKeyStatus.Ok => PemStatus.Ok,
        PublicKeyStatus.WeakRsa => PemStatus.WeakRsa,
        PublicKeyStatus.HugeRsa => PemStatus.HugeRsa,
        _ => PemStatus.UnsupportedKind,
    };
}
