using System.Security.Cryptography;
using System.Text;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Ecryptfs;

/// <summary>What reading or opening a <c>wrapped-passphrase</c> file came to.</summary>
public enum WrappedPassphraseStatus
{
    /// <summary>Read, or unwrapped.</summary>
    Ok = 0,

    /// <summary>Neither version's beginning, or the ciphertext is not 16, 32, 48 or 64 octets.</summary>
    Malformed = 1,

    /// <summary>Begins as version 2 and later do, with a version other than 2.</summary>
    UnknownVersion = 2,

    /// <summary>The wrapping passphrase's signature is not the file's.</summary>
    WrongPassphrase = 3,

    /// <summary>The signature is right and what came out is no passphrase: the file is damaged.</summary>
    Damaged = 4,
}

/// <summary>
/// The contents of <c>~/.ecryptfs/wrapped-passphrase</c>, versions 1 and 2: a mount passphrase under a login
/// passphrase, AES-128-ECB (Codecs/Ecryptfs/FORMAT.md section 8). Holds no secret.
/// </summary>
public sealed class WrappedPassphrase
{
    /// <summary>Octets of the longest file; a reader need not read further than one more.</summary>
    public const int MaxSize = VersionTwoHeader + EcryptfsKey.MaxPassphrase;

    private const int Block = 16;
    private const int WrappingKeyBytes = 16;
    private const int VersionTwoHeader = 2 + EcryptfsSalt.Size + EcryptfsSignature.TextLength;
    private const byte Mark = (byte)':';

    private readonly byte[] _ciphertext;

    private WrappedPassphrase(int version, EcryptfsSalt? salt, EcryptfsSignature signature, byte[] ciphertext)
    {
        Version = version;
        Salt = salt;
        Signature = signature;
        _ciphertext = ciphertext;
    }

    /// <summary>1 (ecryptfs-utils up to 104) or 2.</summary>
    public int Version { get; }

    /// <summary>The salt in the file; null in version 1, which has none.</summary>
    public EcryptfsSalt? Salt { get; }

    /// <summary>The signature of the key made from the wrapping passphrase.</summary>
    public EcryptfsSignature Signature { get; }

    /// <summary>Reads a file's contents.</summary>
    public static WrappedPassphraseStatus TryParse(ReadOnlySpan<byte> file, out WrappedPassphrase? wrapped)
    {
        wrapped = null;
        if (file.IsEmpty)
        {
            return WrappedPassphraseStatus.Malformed;
        }

        EcryptfsSalt? salt = null;
        int version = 1;
        int at = 0;
        if (file[0] == Mark)
        {
            if (file.Length < 2 || file[1] != 2)
            {
                return file.Length < 2 ? WrappedPassphraseStatus.Malformed : WrappedPassphraseStatus.UnknownVersion;
            }

            version = 2;
            at = 2 + EcryptfsSalt.Size;
            if (file.Length < VersionTwoHeader)
            {
                return WrappedPassphraseStatus.Malformed;
            }

            salt = new EcryptfsSalt(file.Slice(2, EcryptfsSalt.Size));
        }

        if (file.Length < at + EcryptfsSignature.TextLength
            || !EcryptfsSignature.TryParse(
                file.Slice(at, EcryptfsSignature.TextLength), out EcryptfsSignature signature))
        {
            return WrappedPassphraseStatus.Malformed;
        }

        ReadOnlySpan<byte> ciphertext = file[(at + EcryptfsSignature.TextLength)..];
        if (ciphertext.Length is 0 or > EcryptfsKey.MaxPassphrase || ciphertext.Length % Block != 0)
        {
            return WrappedPassphraseStatus.Malformed;
        }

        wrapped = new WrappedPassphrase(version, salt, signature, ciphertext.ToArray());
        return WrappedPassphraseStatus.Ok;
    }

    /// <summary>Wraps a mount passphrase as version 2, under a fresh random salt.</summary>
    /// <param name="mountPassphrase">What to wrap; stays the caller's.</param>
    /// <param name="wrappingPassphrase">What will open it; stays the caller's.</param>
    /// <exception cref="ArgumentException">One of them is no eCryptfs passphrase.</exception>
    public static WrappedPassphrase Wrap(SecretBuffer mountPassphrase, SecretBuffer wrappingPassphrase)
    {
        Span<byte> salt = stackalloc byte[EcryptfsSalt.Size];
        RandomNumberGenerator.Fill(salt);
        return Wrap(mountPassphrase, wrappingPassphrase, new EcryptfsSalt(salt));
    }

    /// <summary>Wraps as version 2 under a given salt.</summary>
    internal static WrappedPassphrase Wrap(
        SecretBuffer mountPassphrase, SecretBuffer wrappingPassphrase, EcryptfsSalt salt)
    {
        if (!EcryptfsKey.IsUsablePassphrase(mountPassphrase))
        {
            throw new ArgumentException(
                "The mount passphrase has 1 to 64 octets, none of them NUL.", nameof(mountPassphrase));
        }

        using EcryptfsKey key = EcryptfsKey.FromPassphrase(wrappingPassphrase, salt);
        int padded = (mountPassphrase.Length + Block - 1) / Block * Block;
        byte[] ciphertext = new byte[padded];
        using SecretBuffer plaintext = SecretBuffer.Allocate(padded);
        plaintext.Fill(mountPassphrase, static (to, from) =>
            from.Use(to, static (text, target) => text.CopyTo(target)));
        using Aes aes = WrappingCipher(key);
        plaintext.Use((aes, ciphertext), static (text, state) =>
            _ = state.aes.EncryptEcb(text, state.ciphertext, PaddingMode.None));
        return new WrappedPassphrase(2, salt, key.Signature, ciphertext);
    }

    /// <summary>Opens it.</summary>
    /// <param name="wrappingPassphrase">The login passphrase; stays the caller's.</param>
    /// <param name="mountPassphrase">The mount passphrase, the caller's to dispose; null unless Ok.</param>
    /// <param name="versionOneSalt">The salt of a version 1 file when the user's <c>.ecryptfsrc</c> names one.</param>
    public WrappedPassphraseStatus Unwrap(
        SecretBuffer wrappingPassphrase, out SecretBuffer? mountPassphrase, EcryptfsSalt? versionOneSalt = null)
    {
        mountPassphrase = null;
        if (!EcryptfsKey.IsUsablePassphrase(wrappingPassphrase))
        {
            return WrappedPassphraseStatus.WrongPassphrase;
        }

        using EcryptfsKey key = EcryptfsKey.FromPassphrase(
            wrappingPassphrase, Salt ?? versionOneSalt ?? EcryptfsSalt.Content);
        if (key.Signature != Signature)
        {
            return WrappedPassphraseStatus.WrongPassphrase;
        }

        using SecretBuffer padded = SecretBuffer.Allocate(_ciphertext.Length);
        using Aes aes = WrappingCipher(key);
        padded.Fill((aes, _ciphertext), static (text, state) =>
            _ = state.aes.DecryptEcb(state._ciphertext, text, PaddingMode.None));
        int length = padded.Use(0, static (text, _) =>
        {
            int end = text.IndexOf((byte)0);
            return end < 0 ? text.Length : end;
        });
        if (length == 0)
        {
            return WrappedPassphraseStatus.Damaged;
        }

        mountPassphrase = padded.Slice(0, length);
        return WrappedPassphraseStatus.Ok;
    }

    /// <summary>The file's contents, for a file of mode 0600.</summary>
    public byte[] ToFile()
    {
        byte[] signature = Encoding.ASCII.GetBytes(Signature.ToString());
        if (Salt is not EcryptfsSalt salt)
        {
            return [.. signature, .. _ciphertext];
        }

        Span<byte> octets = stackalloc byte[EcryptfsSalt.Size];
        salt.CopyTo(octets);
        return [Mark, 2, .. octets, .. signature, .. _ciphertext];
    }

    private static Aes WrappingCipher(EcryptfsKey key)
    {
        Aes aes = Aes.Create();
        key.Secret.Use(aes, static (octets, cipher) => cipher.SetKey(octets[..WrappingKeyBytes]));
        return aes;
    }
}
