using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;

namespace StackFs.Content.Ecryptfs;

/// <summary>
/// What a mount knows about the eCryptfs files below it: the keys, and how new files are made. Owns the keys and wipes them
/// on disposal. Safe on any thread.
/// </summary>
internal sealed class EcryptfsVolume : IDisposable
{
    private readonly EcryptfsSignature[] _contentSignatures;

    /// <summary>Takes ownership of <paramref name="keys"/>.</summary>
    /// <param name="keys">Every key that may open a file; those of new files among them.</param>
    /// <param name="contentSignatures">The keys that each open a new file, in the order of their packets.</param>
    /// <param name="cipher">Cipher and key length of new files.</param>
    internal EcryptfsVolume(
        EcryptfsKeyRing keys, IReadOnlyList<EcryptfsSignature> contentSignatures, CipherSpec cipher)
    {
        Keys = keys;
        _contentSignatures = [.. contentSignatures];
        Cipher = cipher;
    }

    /// <summary>The keys of the mount.</summary>
    internal EcryptfsKeyRing Keys { get; }

    /// <summary>The keys that each open a new file, in the order of their packets.</summary>
    internal IReadOnlyList<EcryptfsSignature> ContentSignatures => _contentSignatures;

    /// <summary>Cipher and key length of new files.</summary>
    internal CipherSpec Cipher { get; }

    /// <summary>The key of names, or null when names are stored as they are.</summary>
    internal EcryptfsKey? NamesKey { get; init; }

    /// <summary>Cipher and key length of names.</summary>
    internal CipherSpec NamesCipher { get; init; }

    /// <summary>New files keep their metadata in the attribute, and files that do are read.</summary>
    internal bool MetadataInAttribute { get; init; }

    /// <summary>Files without the marker are read and written as they are.</summary>
    internal bool Passthrough { get; init; }

    /// <summary>Shows ciphertext, read-only.</summary>
    internal bool EncryptedView { get; init; }

    /// <summary>Files are only read (<c>legacy=read</c>).</summary>
    internal bool IsReadOnly { get; init; }

    /// <summary>Makes the metadata and the key of a new, empty file.</summary>
    /// <param name="page">At least 4,096 octets of zeros; receives the metadata.</param>
    /// <param name="length">Octets up to the end of the packets.</param>
    /// <returns>The file's key, the caller's to dispose.</returns>
    internal FileKey CreateMetadata(Span<byte> page, out int length)
    {
        EcryptfsFlags flags = EcryptfsFlags.Encrypted
            | (NamesKey is null ? EcryptfsFlags.None : EcryptfsFlags.EncryptedNames)
            | (MetadataInAttribute ? EcryptfsFlags.MetadataInAttribute : EcryptfsFlags.None);
        FileKey key = FileKey.CreateRandom(Cipher);
        try
        {
            length = EcryptfsHeader.BuildNew(page, flags, Keys.Wrap(key, _contentSignatures));
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Keys.Dispose();
}
