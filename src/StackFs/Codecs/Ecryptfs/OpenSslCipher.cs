using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>AES and triple DES by libcrypto, with one kept context for each mode and direction in use.</summary>
internal sealed class OpenSslCipher : BlockCipher
{
    private readonly EvpBlockCipher _evp;

    /// <summary>Keys a cipher.</summary>
    internal OpenSslCipher(CipherSpec spec, SecretBuffer key)
        : base(spec.BlockSize) =>
        _evp = new EvpBlockCipher(
            spec.Kind == CipherKind.TripleDes ? EvpCipherName.TripleDes : EvpCipherName.Aes, key, spec.KeyBytes);

    /// <inheritdoc/>
    public override void Dispose() => _evp.Dispose();

    /// <inheritdoc/>
    protected override void EcbCore(bool encrypt, ReadOnlySpan<byte> source, Span<byte> destination) =>
        _evp.Ecb(encrypt, source, destination);

    /// <inheritdoc/>
    protected override void CbcCore(
        bool encrypt, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> source, Span<byte> destination) =>
        _evp.Cbc(encrypt, iv, source, destination);
}
