using StackFs.Codecs.Native;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;

namespace StackFs.Names;

/// <summary>
/// AES-256-SIV under a volume's names key, and its text form (Codecs/Native/FORMAT.md section 3). A worker has one, on
/// which its name, symlink and attribute codecs stand; the SIV context and scratch are kept, so that nothing allocates.
/// </summary>
/// <remarks>One thread's at a time.</remarks>
internal sealed class NameCipher : IDisposable
{
    /// <summary>Bytes by which a ciphertext is longer than its plaintext.</summary>
    internal const int Overhead = NativeFormat.SivSize;

    /// <summary>The longest plaintext in text form: a symlink's target.</summary>
    internal const int MaxPlaintextLength = 4095;

    private readonly Aes256Siv _siv;
    private readonly byte[] _sealed = new byte[MaxPlaintextLength + Overhead];

    /// <summary>Keys a cipher.</summary>
    /// <param name="sivKey">64 bytes, as <see cref="DeriveKey"/> gives them; stays the caller's.</param>
    internal NameCipher(SecretBuffer sivKey) => _siv = new Aes256Siv(sivKey);

    /// <summary>The SIV key of a names key; the caller disposes it.</summary>
    /// <param name="namesKey">NK, 32 bytes; stays the caller's.</param>
    internal static SecretBuffer DeriveKey(SecretBuffer namesKey) =>
        HkdfSha256.Derive(namesKey, NativeFormat.NamesKeyLabel, NativeFormat.SivKeySize);

    /// <summary>Characters of the text of a plaintext.</summary>
    internal static int TextLength(int plaintextLength) => Base32Hex.EncodedLength(plaintextLength + Overhead);

    /// <summary>Encrypts to text.</summary>
    /// <param name="kind">What it is: a label of FORMAT.md section 3.</param>
    /// <param name="plaintext">1 to <see cref="MaxPlaintextLength"/> bytes.</param>
    /// <param name="text">At least <see cref="TextLength"/> long.</param>
    /// <returns>Characters written.</returns>
    internal int EncryptText(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> plaintext, Span<byte> text)
    {
        Span<byte> ciphertext = _sealed.AsSpan(0, plaintext.Length + Overhead);
        _siv.Encrypt(kind, default, plaintext, ciphertext);
        return Base32Hex.Encode(ciphertext, text);
    }

    /// <summary>Decrypts canonical text.</summary>
    /// <param name="kind">What it is: a label of FORMAT.md section 3.</param>
    /// <param name="text">Any bytes.</param>
    /// <param name="plaintext">Where the plaintext goes; too short for it counts as not authentic.</param>
    /// <param name="length">Bytes written; 0 when the result is false.</param>
    /// <returns>False when it is not canonical or not authentic.</returns>
    internal bool TryDecryptText(
        ReadOnlySpan<byte> kind, ReadOnlySpan<byte> text, Span<byte> plaintext, out int length)
    {
        length = 0;
        int count = Base32Hex.DecodedLength(text.Length) - Overhead;
        if (count < 1 || count > plaintext.Length || count > MaxPlaintextLength
            || !Base32Hex.TryDecode(text, _sealed, out int sealedLength)
            || !_siv.Decrypt(kind, default, _sealed.AsSpan(0, sealedLength), plaintext[..count]))
        {
            return false;
        }

        length = count;
        return true;
    }

    /// <summary>Encrypts to bytes.</summary>
    /// <param name="kind">What it is: a label of FORMAT.md section 3.</param>
    /// <param name="context">More of what it is; empty for none.</param>
    /// <param name="plaintext">At least 1 byte.</param>
    /// <param name="ciphertext">Exactly <see cref="Overhead"/> longer; does not overlap it.</param>
    internal void Encrypt(
        ReadOnlySpan<byte> kind, ReadOnlySpan<byte> context, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext) =>
        _siv.Encrypt(kind, context, plaintext, ciphertext);

    /// <summary>Decrypts bytes; false when they are not authentic.</summary>
    /// <param name="kind">What it is: a label of FORMAT.md section 3.</param>
    /// <param name="context">More of what it is; empty for none.</param>
    /// <param name="ciphertext">At least 17 bytes.</param>
    /// <param name="plaintext">Exactly <see cref="Overhead"/> shorter; does not overlap it.</param>
    internal bool TryDecrypt(
        ReadOnlySpan<byte> kind, ReadOnlySpan<byte> context, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext) =>
        _siv.Decrypt(kind, context, ciphertext, plaintext);

    /// <inheritdoc/>
    public void Dispose() => _siv.Dispose();
}
