using System.Globalization;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;

namespace StackFs.Mounting.Ecryptfs;

/// <summary>
/// The options of an eCryptfs mount, by the names of the kernel and its mount helper and by shorter ones, parsed once.
/// What opens the volume (<c>key=</c>) is not among them.
/// </summary>
internal sealed record EcryptfsOptions
{
    /// <summary>Cipher and key length of new files.</summary>
    internal CipherSpec Cipher { get; private init; } = new(CipherKind.Aes, 16);

    /// <summary>Whether the options say which cipher, so that none is taken from what lies in the lower directory.</summary>
    internal bool CipherIsGiven { get; private init; }

    /// <summary>Cipher and key length of names.</summary>
    internal CipherSpec NamesCipher { get; private init; } = new(CipherKind.Aes, 16);

    /// <summary>The keys of new files, in the order given; empty where the key alone decides.</summary>
    internal IReadOnlyList<EcryptfsSignature> Signatures { get; private init; } = [];

    /// <summary>The key of names; null where it is to be chosen or names are plain.</summary>
    internal EcryptfsSignature? NamesSignature { get; private init; }

    /// <summary>Whether names are encrypted.</summary>
    internal bool EncryptsNames { get; private init; }

    /// <summary>Whether files that are not eCryptfs's are read and written as they are.</summary>
    internal bool Passthrough { get; private init; }

    /// <summary>Whether metadata is kept in the attribute.</summary>
    internal bool MetadataInAttribute { get; private init; }

    /// <summary>Whether ciphertext is shown, read-only.</summary>
    internal bool EncryptedView { get; private init; }

    /// <summary>Whether the keys leave the keyring when it is unmounted.</summary>
    internal bool UnlinkSignatures { get; private init; }

    /// <summary>Whether the lower directory must belong to who mounts it.</summary>
    internal bool ChecksOwner { get; private init; }

    /// <summary>Whether nobody is told that a key was never used here before.</summary>
    internal bool SkipsSignatureCache { get; private init; }

    /// <summary>What was parsed, in its order.</summary>
    internal IReadOnlyList<KeyValuePair<string, string?>> Source { get; private init; } = [];

    /// <summary>Whether nothing is asked (<c>verbosity=0</c>, <c>no_prompt</c>).</summary>
    internal bool NeverAsks => Source.Any(static option => option.Key is "no_prompt" || option is { Key: "verbosity", Value: "0" });

    /// <summary>Whether an option was given, under any of its names.</summary>
    internal bool Says(string name) => Source.Any(option => Canonical(option.Key) == Canonical(name));

    /// <summary>Whether a name is one of these options.</summary>
    internal static bool IsKnown(string name) => Canonical(name) is not null;

    /// <summary>Parses options.</summary>
    /// <param name="options">Names and values in their order; null is an option without a value.</param>
    /// <param name="parsed">The result; null on failure.</param>
    /// <param name="error">One line for people: which option, what it takes.</param>
    internal static bool TryParse(
        IEnumerable<KeyValuePair<string, string?>> options, out EcryptfsOptions? parsed, out string? error)
    {
        Draft draft = new();
        parsed = null;
        error = null;
        List<KeyValuePair<string, string?>> source = [.. options];
        foreach ((string name, string? value) in source)
        {
            error = draft.Take(name, value);
            if (error is not null)
            {
                return false;
            }
        }

        parsed = draft.Finish(out error) is { } made ? made with { Source = source } : null;
        return parsed is not null;
    }

    private static string? Canonical(string name) => name switch
    {
        "ecryptfs_cipher" or "cipher" => "cipher",
        "ecryptfs_key_bytes" or "key_bytes" => "key_bytes",
        "ecryptfs_fn_cipher" or "fn_cipher" => "fn_cipher",
        "ecryptfs_fn_key_bytes" or "fn_key_bytes" => "fn_key_bytes",
        "ecryptfs_passthrough" or "passthrough" => "passthrough",
        "ecryptfs_xattr" or "ecryptfs_xattr_metadata" or "xattr" => "xattr",
        "ecryptfs_encrypted_view" or "encrypted_view" => "encrypted_view",
        "ecryptfs_enable_filename_crypto" or "enable_filename_crypto" => "filename_crypto",
        "names" => "names",
        "ecryptfs_fnek_sig" or "fnek_sig" => "fnek_sig",
        "ecryptfs_sig" or "sig" => "sig",
        "ecryptfs_unlink_sigs" or "unlink_sigs" => "unlink_sigs",
        "ecryptfs_check_dev_ruid" or "check_owner" => "check_owner",
        "no_sig_cache" => "no_sig_cache",
        "ecryptfs_mount_auth_tok_only" or "ecryptfs_hmac" or "hmac" or "verbosity" or "no_prompt" or "verbose" => "accepted",
        _ => null,
    };

    private sealed class Draft
    {
        private readonly List<EcryptfsSignature> _signatures = [];
        private CipherKind _cipher = CipherKind.Aes;
        private bool _hasCipher;
        private int? _keyBytes;
        private CipherKind? _namesCipher;
        private int? _namesKeyBytes;
        private bool? _encryptsNames;
        private EcryptfsOptions _made = new();

        internal string? Take(string name, string? value)
        {
            switch (Canonical(name))
            {
                case "cipher":
                    _hasCipher = true;
                    return TakeCipher(name, value, out _cipher);
                case "fn_cipher":
                    string? wrong = TakeCipher(name, value, out CipherKind names);
                    _namesCipher = names;
                    return wrong;
                case "key_bytes":
                    return TakeNumber(name, value, out _keyBytes);
                case "fn_key_bytes":
                    return TakeNumber(name, value, out _namesKeyBytes);
                case "sig":
                    string? bad = TakeSignature(name, value, out EcryptfsSignature signature);
                    _signatures.Add(signature);
                    return bad;
                case "fnek_sig":
                    string? badNames = TakeSignature(name, value, out EcryptfsSignature namesSignature);
                    _made = _made with { NamesSignature = namesSignature };
                    return badNames;
                case "names":
                    _encryptsNames = value == "encrypted";
                    return value is "encrypted" or "plain" ? null : $"names={value}: encrypted or plain is needed";
                case "accepted":
                    return null;
                case null:
                    return $"unknown option {name}";
                default:
                    return TakeSwitch(name, value);
            }
        }

        internal EcryptfsOptions? Finish(out string? error)
        {
            int keyBytes = _keyBytes ?? CipherSpec.UsableKeyBytes(_cipher)[0];
            CipherSpec content = new(_cipher, keyBytes);
            CipherSpec names = new(_namesCipher ?? _cipher, _namesKeyBytes ?? keyBytes);
            bool encryptsNames = _encryptsNames ?? _made.NamesSignature is not null;
            error = Refuse("ecryptfs_key_bytes", content) ?? (encryptsNames ? Refuse("ecryptfs_fn_key_bytes", names) : null);
            return error is not null ? null : _made with
            {
                Cipher = content,
                CipherIsGiven = _hasCipher || _keyBytes is not null,
                NamesCipher = names,
                Signatures = _signatures,
                EncryptsNames = encryptsNames,
                MetadataInAttribute = _made.MetadataInAttribute || _made.EncryptedView,
            };
        }

        private static string? Refuse(string option, CipherSpec spec) => spec.IsUsable
            ? null
            : $"{option}={spec.KeyBytes}: files cannot be made with {spec.Name} and {spec.KeyBytes} bytes; use "
                + string.Join(" or ", CipherSpec.UsableKeyBytes(spec.Kind).ToArray());

        private static string? TakeCipher(string name, string? value, out CipherKind kind)
        {
            kind = default;
            return value is not null && CipherSpec.TryParseName(value, out kind)
                ? null
                : $"{name}={value}: no such cipher; use {string.Join(", ", CipherSpec.OfferedNames)}";
        }

        private static string? TakeNumber(string name, string? value, out int? number)
        {
            bool ok = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed);
            number = parsed;
            return ok ? null : $"{name}={value}: a number of bytes is needed";
        }

        private static string? TakeSignature(string name, string? value, out EcryptfsSignature signature)
        {
            signature = default;
            return value is not null && EcryptfsSignature.TryParse(value.AsSpan(), out signature)
                ? null
                : $"{name}={value}: a signature of 16 hexadecimal digits is needed";
        }

        private string? TakeSwitch(string name, string? value)
        {
            bool? chosen = value switch
            {
                null or "y" or "yes" => true,
                "n" or "no" => false,
                _ => null,
            };
            if (chosen is not bool on)
            {
                return $"{name}={value}: y or n is needed";
            }

            switch (Canonical(name))
            {
                case "passthrough":
                    _made = _made with { Passthrough = on };
                    break;
                case "xattr":
                    _made = _made with { MetadataInAttribute = on };
                    break;
                case "encrypted_view":
                    _made = _made with { EncryptedView = on };
                    break;
                case "filename_crypto":
                    _encryptsNames = on;
                    break;
                case "unlink_sigs":
                    _made = _made with { UnlinkSignatures = on };
                    break;
                case "check_owner":
                    _made = _made with { ChecksOwner = on };
                    break;
                default:
                    _made = _made with { SkipsSignatureCache = on };
                    break;
            }

            return null;
        }
    }
}
