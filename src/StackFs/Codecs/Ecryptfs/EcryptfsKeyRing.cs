using StackFs.Keyring.Ecryptfs;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>
/// The keys of a mount, by signature. Owns them and wipes them on disposal. Safe for concurrent use once filled.
/// </summary>
internal sealed class EcryptfsKeyRing : IDisposable
{
    private readonly Dictionary<EcryptfsSignature, EcryptfsKey> _passphraseKeys = [];
    private readonly Dictionary<EcryptfsSignature, EcryptfsPrivateKey> _privateKeys = [];

    /// <summary>Adds a key and owns it from here on; one that is already there is disposed.</summary>
    internal void Add(EcryptfsKey key)
    {
        if (!_passphraseKeys.TryAdd(key.Signature, key))
        {
            key.Dispose();
        }
    }

    /// <summary>Adds a key pair and owns it from here on; one that is already there is disposed.</summary>
    internal void Add(EcryptfsPrivateKey key)
    {
        if (!_privateKeys.TryAdd(key.Signature, key))
        {
            key.Dispose();
        }
    }

    /// <summary>Signatures of all keys.</summary>
    internal IEnumerable<EcryptfsSignature> Signatures => _passphraseKeys.Keys.Concat(_privateKeys.Keys);

    /// <summary>Finds a passphrase key.</summary>
    internal EcryptfsKey? FindPassphraseKey(EcryptfsSignature signature) =>
        _passphraseKeys.GetValueOrDefault(signature);

    /// <summary>Finds a key pair.</summary>
    internal EcryptfsPrivateKey? FindPrivateKey(EcryptfsSignature signature) =>
        _privateKeys.GetValueOrDefault(signature);

    /// <summary>Whether any key has this name.</summary>
    internal bool Contains(EcryptfsSignature signature) =>
        _passphraseKeys.ContainsKey(signature) || _privateKeys.ContainsKey(signature);

    /// <summary>Unwraps a file's key by the first packet whose key is here.</summary>
    /// <param name="header">The file's header.</param>
    /// <param name="key">The caller's to dispose; null unless Ok.</param>
    internal EcryptfsStatus TryUnwrap(EcryptfsHeader header, out FileKey? key)
    {
        key = null;
        EcryptfsStatus status = EcryptfsStatus.KeyMissing;
        foreach (ref readonly KeyPacket packet in header.Packets)
        {
            if (packet.Kind == KeyPacketKind.Passphrase
                && _passphraseKeys.TryGetValue(packet.Signature, out EcryptfsKey? passphrase))
            {
                status = FileKey.TryUnwrap(packet, passphrase, out key);
            }
            else if (packet.Kind == KeyPacketKind.PublicKey
                && _privateKeys.TryGetValue(packet.Signature, out EcryptfsPrivateKey? pair))
            {
                status = FileKey.TryUnwrap(packet, pair, out key);
            }

            if (status == EcryptfsStatus.Ok)
            {
                return status;
            }
        }

        return status;
    }

    /// <summary>Wraps a file's key under each of the named keys, in their order.</summary>
    /// <exception cref="KeyNotFoundException">One of them is not here.</exception>
    internal KeyPacket[] Wrap(FileKey key, ReadOnlySpan<EcryptfsSignature> under)
    {
        KeyPacket[] packets = new KeyPacket[under.Length];
        for (int i = 0; i < under.Length; i++)
        {
            packets[i] = _privateKeys.TryGetValue(under[i], out EcryptfsPrivateKey? pair)
                ? key.Wrap(pair)
                : key.Wrap(_passphraseKeys[under[i]]);
        }

        return packets;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (EcryptfsKey key in _passphraseKeys.Values)
        {
            key.Dispose();
        }

        foreach (EcryptfsPrivateKey key in _privateKeys.Values)
        {
            key.Dispose();
        }
    }
}
