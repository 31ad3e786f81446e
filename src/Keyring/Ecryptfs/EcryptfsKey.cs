using System.Security.Cryptography;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Ecryptfs;

/// <summary>
/// An eCryptfs key made from a passphrase: 64 octets, of which a use takes the first few. It wraps file keys
/// (a FEKEK) or encrypts names (an FNEK); the octets are of one kind (Codecs/Ecryptfs/FORMAT.md section 2).
/// </summary>
/// <remarks>Owns its secret and wipes it on disposal. Safe for concurrent use until then.</remarks>
public sealed class EcryptfsKey : IDisposable
{
    /// <summary>Octets of a key.</summary>
    public const int Size = 64;

    /// <summary>The longest passphrase, in octets; the shortest is 1.</summary>
    public const int MaxPassphrase = 64;

    private const int Iterations = 65536;

    private EcryptfsKey(SecretBuffer secret, EcryptfsSalt salt, EcryptfsSignature signature)
    {
        Secret = secret;
        Salt = salt;
        Signature = signature;
    }

    /// <summary>The key's name.</summary>
    public EcryptfsSignature Signature { get; }

    /// <summary>The salt it was made with; all zero for a key that was not made from a passphrase.</summary>
    public EcryptfsSalt Salt { get; }

    /// <summary>The 64 octets. Owned by this object.</summary>
    public SecretBuffer Secret { get; }

    /// <summary>
    /// Derives a key: 65,536 rounds of SHA-512, the first over salt and passphrase. Takes some tens of milliseconds.
    /// </summary>
    /// <param name="passphrase">1 to 64 octets without NUL; stays the caller's.</param>
    /// <param name="salt">The salt.</param>
    /// <exception cref="ArgumentException">The passphrase is empty, too long, or has a NUL.</exception>
    public static EcryptfsKey FromPassphrase(SecretBuffer passphrase, EcryptfsSalt salt)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        if (!IsUsablePassphrase(passphrase))
        {
            throw new ArgumentException(
                "An eCryptfs passphrase has 1 to 64 octets, none of them NUL.", nameof(passphrase));
        }

        SecretBuffer secret = SecretBuffer.Allocate(Size);
        try
        {
            secret.Fill((passphrase, salt), static (key, state) =>
            {
                Span<byte> octets = stackalloc byte[EcryptfsSalt.Size];
                state.salt.CopyTo(octets);
                using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
                hash.AppendData(octets);
                state.passphrase.Use(hash, static (text, h) => h.AppendData(text));
                _ = hash.GetHashAndReset(key);
                for (int i = 1; i < Iterations; i++)
                {
                    _ = SHA512.HashData(key, key);
                }
            });
            return new EcryptfsKey(secret, salt, Sign(secret));
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes 64 octets under a name of the administrator's choice, as a kernel key of type <c>encrypted</c> has.
    /// </summary>
    /// <param name="secret">64 octets; owned by the result from here on, also when this throws.</param>
    /// <param name="signature">The name it is known by.</param>
    /// <exception cref="ArgumentException">There are not exactly 64 octets.</exception>
    public static EcryptfsKey FromRaw(SecretBuffer secret, EcryptfsSignature signature)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (secret.Length != Size)
        {
            secret.Dispose();
            throw new ArgumentException("An eCryptfs key has 64 octets.", nameof(secret));
        }

        return new EcryptfsKey(secret, default, signature);
    }

    /// <summary>Whether a passphrase can be one: 1 to 64 octets, no NUL.</summary>
    public static bool IsUsablePassphrase(SecretBuffer passphrase)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        return passphrase.Length is >= 1 and <= MaxPassphrase
            && passphrase.Use(0, static (text, _) => !text.Contains((byte)0));
    }

    /// <inheritdoc/>
    public void Dispose() => Secret.Dispose();

    private static EcryptfsSignature Sign(SecretBuffer secret) => secret.Use(0, static (key, _) =>
    {
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        _ = SHA512.HashData(key, digest);
        return new EcryptfsSignature(digest[..EcryptfsSignature.Size]);
    });
}
