using System.Security.Cryptography;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Crypto;

/// <summary>
/// AES-256-SIV (RFC 5297; AES-256 in both halves, a 64-byte key): deterministic authenticated encryption. Equal
/// plaintexts under equal associated data give equal outputs.
/// </summary>
/// <remarks>
/// One thread's at a time; a second one at once throws. The output is the 16-byte synthetic IV, then ciphertext of the
/// plaintext's length. OpenSSL's context serves one message, so each message starts from a copy of one that has the key
/// expanded; the copy is made of ordinary memory, which OpenSSL zeroes when it is freed or replaced.
/// </remarks>
public sealed class Aes256Siv : IDisposable
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyLength = 64;

    /// <summary>Bytes by which the output exceeds the plaintext.</summary>
    public const int Overhead = 16;

    private static readonly nint Cipher = LibCrypto.FetchCipher("AES-256-SIV");

    private readonly LibCrypto.CipherContext _encryptKeyed = new();
    private readonly LibCrypto.CipherContext _decryptKeyed = new();
    private readonly LibCrypto.CipherContext _message = new();
    private SingleUse _use;

    /// <summary>Expands <paramref name="key"/>, 64 bytes, which stays the caller's.</summary>
    public Aes256Siv(SecretBuffer key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength, nameof(key));
        using SecretBuffer.RevealedSecret secret = key.UnsafeReveal();
        LibCrypto.InitCipher(_encryptKeyed, Cipher, secret.Bytes, encrypt: true);
        LibCrypto.InitCipher(_decryptKeyed, Cipher, secret.Bytes, encrypt: false);
    }

    /// <summary>Encrypts and authenticates.</summary>
    /// <param name="kind">First component of the associated data.</param>
    /// <param name="context">Second component; empty means there is none.</param>
    /// <param name="plaintext">What to encrypt, at least one byte.</param>
    /// <param name="sealedOutput">16 bytes longer than the plaintext; does not overlap it.</param>
    public void Encrypt(
        ReadOnlySpan<byte> kind, ReadOnlySpan<byte> context, ReadOnlySpan<byte> plaintext, Span<byte> sealedOutput)
    {
        CheckArguments(plaintext, sealedOutput, plaintext.Length, sealedOutput.Length);
        _use.Enter(this);
        try
        {
            Start(_encryptKeyed, kind, context);
            if (!LibCrypto.TryUpdate(_message, plaintext, sealedOutput[Overhead..]) || !LibCrypto.TryFinish(_message))
            {
                throw LibCrypto.Failure("AES-256-SIV encryption");
            }

            LibCrypto.GetTag(_message, sealedOutput[..Overhead]);
        }
        finally
        {
            _use.Exit();
        }
    }

    /// <summary>
    /// Verifies and decrypts; false, with <paramref name="plaintext"/> zeroed, when the input is not authentic.
    /// </summary>
    /// <param name="kind">First component of the associated data.</param>
    /// <param name="context">Second component; empty means there is none.</param>
    /// <param name="sealedInput">What <see cref="Encrypt"/> gave, at least 17 bytes.</param>
    /// <param name="plaintext">16 bytes shorter than the input; does not overlap it.</param>
    public bool Decrypt(
        ReadOnlySpan<byte> kind, ReadOnlySpan<byte> context, ReadOnlySpan<byte> sealedInput, Span<byte> plaintext)
    {
        CheckArguments(plaintext, sealedInput, plaintext.Length, sealedInput.Length);
        _use.Enter(this);
        bool authentic = false;
        try
        {
            Start(_decryptKeyed, kind, context);
            LibCrypto.SetTag(_message, sealedInput[..Overhead]);
            authentic = LibCrypto.TryUpdate(_message, sealedInput[Overhead..], plaintext)
                && LibCrypto.TryFinish(_message);
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
            _encryptKeyed.Dispose();
            _decryptKeyed.Dispose();
            _message.Dispose();
        }
    }

    private void Start(LibCrypto.CipherContext keyed, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> context)
    {
        LibCrypto.CopyCipherContext(_message, keyed);
        LibCrypto.AddAuthenticated(_message, kind);
        if (!context.IsEmpty)
        {
            LibCrypto.AddAuthenticated(_message, context);
        }
    }

    private static void CheckArguments(
        ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> sealedBytes, int plainLength, int sealedLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(plainLength, nameof(plaintext));
        ArgumentOutOfRangeException.ThrowIfNotEqual(sealedLength, plainLength + Overhead, nameof(sealedBytes));
        if (plaintext.Overlaps(sealedBytes))
        {
            throw new ArgumentException("input and output overlap");
        }
    }
}
