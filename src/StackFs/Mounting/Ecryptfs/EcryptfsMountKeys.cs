using StackFs.Codecs.Ecryptfs;
using StackFs.Content.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Mounting.Ecryptfs;

/// <summary>
/// Turns what a user gave (passphrases, key pairs, signatures) into the keys of a mount, and says what does not fit. Owns the
/// keys until <see cref="Build"/> hands them to the volume.
/// </summary>
internal sealed class EcryptfsMountKeys : IDisposable
{
    private readonly List<SecretBuffer> _passphrases = [];
    private readonly List<EcryptfsSignature> _contentOrder = [];
    private EcryptfsKeyRing? _ring = new();

    /// <summary>Files opened with these keys are only read.</summary>
    internal bool IsReadOnly { get; init; }

    private EcryptfsKeyRing Ring => _ring ?? throw new ObjectDisposedException(nameof(EcryptfsMountKeys));

    /// <summary>The signature of the first key added; null before there is one.</summary>
    internal EcryptfsSignature? First => _contentOrder.Count > 0 ? _contentOrder[0] : null;

    /// <summary>Which key of names to suggest: one that names below are under and that was given, else the first.</summary>
    internal EcryptfsSignature? SuggestNames(EcryptfsTraces traces)
    {
        foreach (EcryptfsSignature found in traces.NameSignatures)
        {
            if (Ring.FindPassphraseKey(found) is not null || AddIfNamed(found, EcryptfsSalt.Names))
            {
                return found;
            }
        }

        return First;
    }

    /// <summary>Adds a passphrase.</summary>
    /// <param name="passphrase">1 to 64 octets without NUL; copied.</param>
    /// <param name="salt">The salt of its content key; null for the usual one.</param>
    /// <param name="error">One line for people.</param>
    internal bool TryAddPassphrase(SecretBuffer passphrase, EcryptfsSalt? salt, out string? error)
    {
        error = null;
        if (!EcryptfsKey.IsUsablePassphrase(passphrase))
        {
            error = $"the passphrase has {passphrase.Length} bytes; eCryptfs takes 1 to {EcryptfsKey.MaxPassphrase}, without NUL";
            return false;
        }

        EcryptfsKey key = EcryptfsKey.FromPassphrase(passphrase, salt ?? EcryptfsSalt.Content);
        _contentOrder.Add(key.Signature);
        Ring.Add(key);
        _passphrases.Add(passphrase.Slice(0, passphrase.Length));
        return true;
    }

    /// <summary>Adds a key pair and owns it from here on.</summary>
    internal void Add(EcryptfsPrivateKey pair)
    {
        _contentOrder.Add(pair.Signature);
        Ring.Add(pair);
    }

    /// <summary>Adds a key that was derived elsewhere, as the daemon holds one, and owns it from here on.</summary>
    internal void Add(EcryptfsKey key)
    {
        _contentOrder.Add(key.Signature);
        Ring.Add(key);
    }

    /// <summary>Makes the volume.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="traces">What lies in the lower directory.</param>
    /// <param name="volume">Owns all keys from here on; null on failure.</param>
    /// <param name="warnings">Lines for people, for what will not go wrong at once.</param>
    /// <param name="error">One line for people; null on success.</param>
    internal bool Build(
        EcryptfsOptions options, EcryptfsTraces traces, out EcryptfsVolume? volume, List<string> warnings, out string? error)
    {
        volume = null;
        foreach (EcryptfsSignature wanted in options.Signatures)
        {
            TryOtherSalts(wanted, traces);
        }

        IReadOnlyList<EcryptfsSignature> content = options.Signatures.Count > 0
            ? options.Signatures
            : [.. _contentOrder.Take(1)];
        error = Missing("ecryptfs_sig", content);
        EcryptfsKey? names = null;
        if (error is null && options.EncryptsNames)
        {
            names = ChooseNamesKey(options, traces, content, out error);
        }

        if (error is not null)
        {
            return false;
        }

        if (!FitsPublicKeys(content, options.Cipher, out error) || !FitsCipher(content, names, options, out error))
        {
            return false;
        }

        Warn(options, traces, content, names, warnings);
        volume = new EcryptfsVolume(Ring, content, options.Cipher)
        {
            NamesKey = names,
            NamesCipher = options.NamesCipher,
            Passthrough = options.Passthrough,
            MetadataInAttribute = options.MetadataInAttribute,
            EncryptedView = options.EncryptedView,
            IsReadOnly = IsReadOnly,
        };
        _ring = null;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ring?.Dispose();
        foreach (SecretBuffer passphrase in _passphrases)
        {
            passphrase.Dispose();
        }
    }

    // A key made with the user's own salt, which every file that it opens states.
    private void TryOtherSalts(EcryptfsSignature wanted, EcryptfsTraces traces)
    {
        if (Ring.Contains(wanted)
            || !traces.Contents.TryGetValue(wanted, out KeyPacket packet)
            || packet.Kind != KeyPacketKind.Passphrase
            || packet.Salt == EcryptfsSalt.Content)
        {
            return;
        }

        AddIfNamed(wanted, packet.Salt);
    }

    private bool AddIfNamed(EcryptfsSignature wanted, EcryptfsSalt salt)
    {
        foreach (SecretBuffer passphrase in _passphrases)
        {
            EcryptfsKey key = EcryptfsKey.FromPassphrase(passphrase, salt);
            if (key.Signature == wanted)
            {
                Ring.Add(key);
                return true;
            }

            key.Dispose();
        }

        return false;
    }

    private EcryptfsKey? ChooseNamesKey(
        EcryptfsOptions options, EcryptfsTraces traces, IReadOnlyList<EcryptfsSignature> content, out string? error)
    {
        error = null;
        EcryptfsSignature? wanted = options.NamesSignature;
        if (wanted is null && traces.NameSignatures.Count > 0)
        {
            foreach (EcryptfsSignature found in traces.NameSignatures)
            {
                if (Ring.FindPassphraseKey(found) is not null || AddIfNamed(found, EcryptfsSalt.Names))
                {
                    return Ring.FindPassphraseKey(found);
                }
            }
        }

        // What mount.ecryptfs suggests: the content key.
        wanted ??= content[0];
        if (Ring.FindPassphraseKey(wanted.Value) is null && !AddIfNamed(wanted.Value, EcryptfsSalt.Names))
        {
            error = Ring.Contains(wanted.Value)
                ? $"names cannot be encrypted under a public key ({wanted}); add a passphrase key for them with ecryptfs_fnek_sig="
                : $"ecryptfs_fnek_sig={wanted}: no key given has this signature; the passphrase may be wrong";
        }

        return Ring.FindPassphraseKey(wanted.Value);
    }

    private string? Missing(string option, IReadOnlyList<EcryptfsSignature> wanted)
    {
        if (wanted.Count == 0)
        {
            return "an eCryptfs mount needs a key; give key=passphrase or key=openssl:keyfile=FILE";
        }

        foreach (EcryptfsSignature signature in wanted)
        {
            if (!Ring.Contains(signature))
            {
                return $"{option}={signature}: no key given has this signature, the passphrase may be wrong; "
                    + $"what was given makes {string.Join(", ", Ring.Signatures)}";
            }
        }

        return null;
    }

    private bool FitsPublicKeys(IReadOnlyList<EcryptfsSignature> content, CipherSpec cipher, out string? error)
    {
        error = null;
        foreach (EcryptfsSignature signature in content)
        {
            if (Ring.FindPrivateKey(signature) is { } pair && pair.MaxFileKeyBytes < cipher.KeyBytes)
            {
                error = $"ecryptfs_key_bytes={cipher.KeyBytes}: the RSA key {signature} wraps at most {pair.MaxFileKeyBytes}";
                return false;
            }
        }

        return true;
    }

    // The kernel refuses a triple DES key whose parts are equal; derived from a passphrase that does not happen.
    private bool FitsCipher(
        IReadOnlyList<EcryptfsSignature> content, EcryptfsKey? names, EcryptfsOptions options, out string? error)
    {
        error = null;
        foreach (EcryptfsSignature signature in content)
        {
            if (Ring.FindPassphraseKey(signature) is { } key && !FileKey.IsAccepted(options.Cipher, key.Secret))
            {
                error = $"ecryptfs_sig={signature}: des3_ede does not take this key";
            }
        }

        if (names is not null && !FileKey.IsAccepted(options.NamesCipher, names.Secret))
        {
            error = $"ecryptfs_fnek_sig={names.Signature}: des3_ede does not take this key";
        }

        return error is null;
    }

    private void Warn(
        EcryptfsOptions options,
        EcryptfsTraces traces,
        IReadOnlyList<EcryptfsSignature> content,
        EcryptfsKey? names,
        List<string> warnings)
    {
        if (traces.Contents.Count > 0 && !traces.Contents.Keys.Any(Ring.Contains))
        {
            warnings.Add($"the files here were made with {string.Join(", ", traces.Contents.Keys.Take(3))}, not with "
                + $"{content[0]}: the passphrase may be wrong, and nothing will open");
        }

        if (names is null && traces.NameSignatures.Count > 0)
        {
            warnings.Add("names here are encrypted; add ecryptfs_enable_filename_crypto=y to read them");
        }
        else if (names is not null && traces.NameSignatures.Count > 0 && !traces.NameSignatures.Contains(names.Signature))
        {
            warnings.Add($"names here were made with {traces.NameSignatures.First()}, not with {names.Signature}: "
                + "they will not be listed");
        }

        if (traces.HasAttributeMetadata && !options.MetadataInAttribute)
        {
            warnings.Add("files here keep their metadata in an attribute; add ecryptfs_xattr to open them");
        }
    }
}
