using System.Security.Cryptography;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Ecryptfs;

/// <summary>The block ciphers of eCryptfs that libcrypto's default provider has.</summary>
public enum EvpCipherName
{
    /// <summary>AES; the key length chooses 128, 192 or 256.</summary>
    Aes = 0,

    /// <summary>Triple DES, EDE, three keys.</summary>
    TripleDes = 1,
}

/// <summary>
/// AES or triple DES under one key in ECB and CBC, without padding, by libcrypto (EVP_EncryptInit(3)) with one context
/// kept for each mode and direction once it is used. Allocates nothing after that.
/// </summary>
/// <remarks>
/// One thread's at a time; a second one at once throws. libcrypto's own copies of the key are zeroed when the contexts
/// are freed, on disposal. Without authentication: for eCryptfs trees only.
/// </remarks>
public sealed class EvpBlockCipher : IDisposable
{
    private const int Directions = 2;

    private static readonly Dictionary<(EvpCipherName, int, bool), nint> Ciphers = new()
    {
        [(EvpCipherName.Aes, 16, true)] = LibCrypto.FetchCipher("AES-128-CBC"),
        [(EvpCipherName.Aes, 16, false)] = LibCrypto.FetchCipher("AES-128-ECB"),
        [(EvpCipherName.Aes, 24, true)] = LibCrypto.FetchCipher("AES-192-CBC"),
        [(EvpCipherName.Aes, 24, false)] = LibCrypto.FetchCipher("AES-192-ECB"),
        [(EvpCipherName.Aes, 32, true)] = LibCrypto.FetchCipher("AES-256-CBC"),
        [(EvpCipherName.Aes, 32, false)] = LibCrypto.FetchCipher("AES-256-ECB"),
        [(EvpCipherName.TripleDes, 24, true)] = LibCrypto.FetchCipher("DES-EDE3-CBC"),
        [(EvpCipherName.TripleDes, 24, false)] = LibCrypto.FetchCipher("DES-EDE3-ECB"),
    };

    private readonly EvpCipherName _name;
    private readonly SecretBuffer _key;
    private readonly LibCrypto.CipherContext?[] _contexts = new LibCrypto.CipherContext?[2 * Directions];
    private SingleUse _use;

    /// <summary>Keys a cipher.</summary>
    /// <param name="name">The cipher.</param>
    /// <param name="key">Holds the key at its front; stays the caller's and may go once this returns.</param>
    /// <param name="keyBytes">AES: 16, 24 or 32. Triple DES: 24.</param>
    public EvpBlockCipher(EvpCipherName name, SecretBuffer key, int keyBytes)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!Ciphers.ContainsKey((name, keyBytes, true)))
        {
            throw new ArgumentOutOfRangeException(nameof(keyBytes));
        }

        _name = name;
        _key = key.Slice(0, keyBytes);
    }

    /// <summary>Bytes of a block.</summary>
    public int BlockSize => _name == EvpCipherName.Aes ? 16 : 8;

    /// <summary>Encrypts or decrypts whole blocks independently; source and destination may be the same span.</summary>
    public void Ecb(bool encrypt, ReadOnlySpan<byte> source, Span<byte> destination) =>
        Run(cbc: false, encrypt, default, source, destination);

    /// <summary>Encrypts or decrypts a chain of whole blocks; source and destination may be the same span.</summary>
    /// <param name="encrypt">The direction.</param>
    /// <param name="iv">One block.</param>
    /// <param name="source">Whole blocks.</param>
    /// <param name="destination">As many bytes.</param>
    public void Cbc(bool encrypt, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(iv.Length, BlockSize, nameof(iv));
        Run(cbc: true, encrypt, iv, source, destination);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_use.Retire(this))
        {
            return;
        }

        foreach (LibCrypto.CipherContext? context in _contexts)
        {
            context?.Dispose();
        }

        _key.Dispose();
    }

    private void Run(
        bool cbc, bool encrypt, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length % BlockSize != 0 || destination.Length < source.Length)
        {
            throw new ArgumentException("Whole blocks, and room for them.", nameof(source));
        }

        _use.Enter(this);
        try
        {
            LibCrypto.CipherContext context = Context(cbc, encrypt);
            LibCrypto.StartMessage(context, iv);
            if (!LibCrypto.TryUpdate(context, source, destination))
            {
                throw LibCrypto.Failure("EVP_CipherUpdate");
            }
        }
        finally
        {
            _use.Exit();
        }
    }

    private LibCrypto.CipherContext Context(bool cbc, bool encrypt)
    {
        ref LibCrypto.CipherContext? slot = ref _contexts[(cbc ? Directions : 0) + (encrypt ? 1 : 0)];
        if (slot is null)
        {
            LibCrypto.CipherContext context = new();
            using SecretBuffer.RevealedSecret secret = _key.UnsafeReveal();
            LibCrypto.InitCipher(context, Ciphers[(_name, _key.Length, cbc)], secret.Bytes, encrypt);
            LibCrypto.DisablePadding(context);
            slot = context;
        }

        return slot;
    }
}
