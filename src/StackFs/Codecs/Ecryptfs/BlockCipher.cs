using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>
/// One block cipher under one key, without padding, in the two modes of the format: ECB for wrapped keys and names,
/// CBC for extents. One thread's at a time. Input and output may be the same span, and must not otherwise overlap.
/// </summary>
internal abstract class BlockCipher : IDisposable
{
    /// <summary>Prepares a cipher for a size of block.</summary>
    protected BlockCipher(int blockSize) => BlockSize = blockSize;

    /// <summary>Octets of a block.</summary>
    internal int BlockSize { get; }

    /// <summary>Makes the cipher of a specification.</summary>
    /// <param name="spec">One that is usable.</param>
    /// <param name="key">Its first <see cref="CipherSpec.KeyBytes"/> octets are the key; stays the caller's.</param>
    internal static BlockCipher Create(CipherSpec spec, SecretBuffer key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!spec.IsUsable || key.Length < spec.KeyBytes)
        {
            throw new ArgumentException("The cipher has no such key length.", nameof(spec));
        }

        return spec.Kind is CipherKind.Aes or CipherKind.TripleDes
            ? new OpenSslCipher(spec, key)
            : new BouncyCastleCipher(spec, key);
    }

    /// <summary>Encrypts whole blocks independently.</summary>
    internal void EncryptEcb(ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        CheckLengths(plaintext, ciphertext);
        EcbCore(encrypt: true, plaintext, ciphertext);
    }

    /// <summary>Decrypts whole blocks independently.</summary>
    internal void DecryptEcb(ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        CheckLengths(ciphertext, plaintext);
        EcbCore(encrypt: false, ciphertext, plaintext);
    }

    /// <summary>Encrypts a chain of whole blocks.</summary>
    /// <param name="iv">At least a block; its first octets count.</param>
    /// <param name="plaintext">Whole blocks.</param>
    /// <param name="ciphertext">As many octets.</param>
    internal void EncryptCbc(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        CheckLengths(plaintext, ciphertext);
        CbcCore(encrypt: true, iv[..BlockSize], plaintext, ciphertext);
    }

    /// <summary>Decrypts a chain of whole blocks.</summary>
    /// <param name="iv">At least a block; its first octets count.</param>
    /// <param name="ciphertext">Whole blocks.</param>
    /// <param name="plaintext">As many octets.</param>
    internal void DecryptCbc(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        CheckLengths(ciphertext, plaintext);
        CbcCore(encrypt: false, iv[..BlockSize], ciphertext, plaintext);
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>ECB over checked spans.</summary>
    protected abstract void EcbCore(bool encrypt, ReadOnlySpan<byte> source, Span<byte> destination);

    /// <summary>CBC over checked spans; the IV is one block.</summary>
    protected abstract void CbcCore(bool encrypt, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> source, Span<byte> destination);

    private void CheckLengths(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length % BlockSize != 0 || destination.Length < source.Length)
        {
            throw new ArgumentException("Whole blocks, and room for them.", nameof(source));
        }
    }
}
