using System.Security.Cryptography;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Crypto;

/// <summary>
/// AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and full tags, over OpenSSL contexts that are kept between
/// messages: one for each direction.
/// </summary>
/// <remarks>
/// One thread's at a time; a second one at once throws <see cref="InvalidOperationException"/> instead of giving wrong
/// ciphertext. <see cref="Encrypt"/> and <see cref="Decrypt"/> allocate nothing. Input and output are the same memory
/// or do not overlap. OpenSSL holds the expanded key in ordinary memory, which it zeroes when this object is disposed
/// or takes another key.
/// </remarks>
public sealed class Aes256Gcm : IDisposable
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyLength = 32;

    /// <summary>Bytes of a nonce.</summary>
    public const int NonceLength = 12;

    /// <summary>Bytes of a tag.</summary>
    public const int TagLength = 16;

    private static readonly nint Cipher = LibCrypto.FetchCipher("AES-256-GCM");

    private readonly LibCrypto.CipherContext _encrypt = new();
    private readonly LibCrypto.CipherContext _decrypt = new();
    private SingleUse _use;

    /// <summary>Expands <paramref name="key"/>, 32 bytes, which stays the caller's.</summary>
    public Aes256Gcm(SecretBuffer key) => SetKey(key);

    /// <summary>
    /// Changes to another key, cheaper than a new object: a worker can keep one object for all files.
    /// </summary>
    /// <param name="key">32 bytes; stays the caller's.</param>
    public void SetKey(SecretBuffer key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength, nameof(key));
        _use.Enter(this);
        try
        {
            using SecretBuffer.RevealedSecret secret = key.UnsafeReveal();
            LibCrypto.InitCipher(_encrypt, Cipher, secret.Bytes, encrypt: true);
            LibCrypto.InitCipher(_decrypt, Cipher, secret.Bytes, encrypt: false);
        }
        finally
        {
            _use.Exit();
        }
    }

    /// <summary>Encrypts and authenticates.</summary>
    /// <param name="nonce">12 bytes, never used before under this key.</param>
    /// <param name="additionalData">Authenticated, not encrypted; may be empty.</param>
    /// <param name="plaintext">What to encrypt.</param>
    /// <param name="ciphertext">Of the plaintext's length.</param>
    /// <param name="tag">16 bytes, written.</param>
    public void Encrypt(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> additionalData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext,
        Span<byte> tag)
    {
        CheckArguments(nonce, plaintext, ciphertext, tag);
        _use.Enter(this);
        try
        {
            LibCrypto.StartMessage(_encrypt, nonce);
            LibCrypto.AddAuthenticated(_encrypt, additionalData);
            if (!LibCrypto.TryUpdate(_encrypt, plaintext, ciphertext) || !LibCrypto.TryFinish(_encrypt))
            {
                throw LibCrypto.Failure("AES-256-GCM encryption");
            }

            LibCrypto.GetTag(_encrypt, tag);
        }
        finally
        {
            _use.Exit();
        }
    }

    /// <summary>Verifies and decrypts; false, with <paramref name="plaintext"/> zeroed, when the tag does not match.</summary>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="additionalData">As it was on encryption.</param>
    /// <param name="ciphertext">What to decrypt.</param>
    /// <param name="tag">16 bytes.</param>
    /// <param name="plaintext">Of the ciphertext's length.</param>
    public bool Decrypt(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> additionalData, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag,
        Span<byte> plaintext)
    {
        CheckArguments(nonce, ciphertext, plaintext, tag);
        _use.Enter(this);
        bool authentic = false;
        try
        {
            LibCrypto.StartMessage(_decrypt, nonce);
            LibCrypto.SetTag(_decrypt, tag);
            LibCrypto.AddAuthenticated(_decrypt, additionalData);
            authentic = LibCrypto.TryUpdate(_decrypt, ciphertext, plaintext) && LibCrypto.TryFinish(_decrypt);
        }
        finally
        {
            _use.Exit();
            if (!authentic)
            {
                CryptographicOperations.ZeroMemory(plaintext);
                LibCrypto.ForgetErrors();
            }
        }

        return authentic;
    }

    /// <summary>Frees the contexts; OpenSSL zeroes the key schedules.</summary>
    public void Dispose()
    {
        if (_use.Retire(this))
        {
            _encrypt.Dispose();
            _decrypt.Dispose();
        }
    }

    private static void CheckArguments(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> input, ReadOnlySpan<byte> output, ReadOnlySpan<byte> tag)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceLength, nameof(nonce));
        ArgumentOutOfRangeException.ThrowIfNotEqual(tag.Length, TagLength, nameof(tag));
        ArgumentOutOfRangeException.ThrowIfNotEqual(output.Length, input.Length, nameof(output));
        if (input.Overlaps(output, out int offset) && offset != 0)
        {
            throw new ArgumentException("input and output overlap and are not the same memory");
        }
    }
}
