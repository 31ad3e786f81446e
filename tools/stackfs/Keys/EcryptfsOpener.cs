using StackFs.Cli.Output;
using StackFs.Content.Ecryptfs;
using StackFs.Interop;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Sources;
using StackFs.Mounting;
using StackFs.Mounting.Ecryptfs;

namespace StackFs.Cli.Keys;

/// <summary>From a lower directory of eCryptfs files and what people say about keys to the keys of a mount.</summary>
internal static class EcryptfsOpener
{
    private const string WrappedPrefix = "wrapped:";
    private const string FileOption = "file=";

    /// <summary>Opens the keys of an eCryptfs mount.</summary>
    /// <param name="lower">The lower directory.</param>
    /// <param name="options">Options of the format.</param>
    /// <param name="keys">Key specifications; each adds a key.</param>
    /// <param name="trustsNew">A key never used here before is not asked about.</param>
    /// <returns>The volume, which the caller disposes or hands on.</returns>
    /// <exception cref="CommandException">A key is missing or wrong, or does not fit the options.</exception>
    public static EcryptfsVolume Open(
        string lower, EcryptfsOptions options, IReadOnlyList<string> keys, bool trustsNew)
    {
        using SafeFd root = VolumeOpener.OpenLowerRoot(lower);
        CheckOwner(root, lower, options);
        using EcryptfsMountKeys given = new();
        bool asks = keys.Count == 0 && !options.NeverAsks;
        foreach (string text in keys.Count > 0 ? keys : [asks ? EcryptfsQuestions.AskKey() : "passphrase"])
        {
            Add(given, text, lower);
        }

        if (asks && given.SuggestNames(EcryptfsTraces.Find(root)) is { } suggested)
        {
            options = EcryptfsQuestions.Complete(options, suggested);
        }

        return Build(given, root, lower, options, trustsNew);
    }

    /// <summary>Opens the keys of eCryptfs files beside a volume's own (<c>legacy=</c>).</summary>
    /// <param name="lower">The lower directory.</param>
    /// <param name="legacy">What was asked for.</param>
    /// <param name="trustsNew">A key never used here before is not asked about.</param>
    /// <returns>The keys, which the caller disposes or hands on.</returns>
    /// <exception cref="CommandException">A key is missing or wrong, or does not fit the options.</exception>
    public static EcryptfsVolume OpenBeside(string lower, LegacyOptions legacy, bool trustsNew)
    {
        using SafeFd root = VolumeOpener.OpenLowerRoot(lower);
        CheckOwner(root, lower, legacy.Format);
        using EcryptfsMountKeys given = new() { IsReadOnly = !legacy.IsWritable };
        foreach (string text in legacy.Keys.Count > 0 ? legacy.Keys : ["passphrase"])
        {
            Add(given, text, lower, "eCryptfs passphrase: ");
        }

        return Build(given, root, lower, legacy.Format, trustsNew);
    }

    /// <summary>Makes the volume of keys that were read otherwise.</summary>
    /// <param name="given">The keys; handed on.</param>
    /// <param name="root">The lower directory, readable.</param>
    /// <param name="lower">Its path, for messages.</param>
    /// <param name="options">Options of the format.</param>
    /// <param name="trustsNew">A key never used here before is not asked about.</param>
    /// <returns>The volume, which the caller disposes or hands on.</returns>
    /// <exception cref="CommandException">A key is missing or does not fit the options.</exception>
    public static EcryptfsVolume Build(
        EcryptfsMountKeys given, SafeFd root, string lower, EcryptfsOptions options, bool trustsNew)
    {
        List<string> warnings = [];
        EcryptfsTraces traces = EcryptfsTraces.Find(root);
        if (!given.Build(options, traces, out EcryptfsVolume? volume, warnings, out string? error))
        {
            throw new CommandException(ExitCode.KeyWrong, $"{lower}: {error}");
        }

        foreach (string warning in warnings)
        {
            Messages.Warning($"{lower}: {warning}");
        }

        try
        {
            SignatureCache.Confirm(volume!, options.Signatures.Count > 0 || options.SkipsSignatureCache || trustsNew);
            return volume!;
        }
        catch
        {
            volume!.Dispose();
            throw;
        }
    }

    private static void Add(EcryptfsMountKeys given, string text, string lower, string prompt = "Passphrase: ")
    {
        if (text.StartsWith(WrappedPrefix, StringComparison.Ordinal))
        {
            AddWrapped(given, text, lower);
            return;
        }

        EcryptfsSalt? salt = TakeSalt(ref text);
        KeySpec spec = KeyReader.Parse([text])[0];
        switch (spec)
        {
            case KeySpec.Passphrase passphrase:
                using (SecretBuffer secret = KeyReader.ReadPassphrase(passphrase.Input, lower, prompt))
                {
                    if (!given.TryAddPassphrase(secret, salt, out string? error))
                    {
                        throw new CommandException(ExitCode.KeyWrong, $"{lower}: {error}");
                    }
                }

                break;
            case KeySpec.Pem pem:
                given.Add(LoadPem(pem));
                break;
            case KeySpec.Keyring { Signature: { } named }:
                Errno errno = KernelKeyring.Find(new EcryptfsSignature(Convert.FromHexString(named.ToString())), out EcryptfsKey? key);
                given.Add(key ?? throw new CommandException(
                    ExitCode.KeyMissing, $"keyring:{named}: {ErrnoText.Of(errno)}", "put it there: stackfs ecryptfs add-passphrase"));
                break;
            default:
                throw new CommandException(
                    ExitCode.Usage,
                    $"a key of the kind '{spec.GetType().Name.ToLowerInvariant()}' cannot open eCryptfs files",
                    "use passphrase, or openssl:keyfile=FILE");
        }
    }

    /// <summary>
    /// <c>wrapped:file=FILE[:passfile=FILE|:passfd=N]</c>: the mount passphrase in a wrapped-passphrase file, which the login
    /// passphrase opens.
    /// </summary>
    private static void AddWrapped(EcryptfsMountKeys given, string text, string lower)
    {
        List<string> parts = SplitAtColons(text[WrappedPrefix.Length..]);
        int at = parts.FindIndex(static part => part.StartsWith(FileOption, StringComparison.Ordinal));
        if (at < 0)
        {
            throw new CommandException(ExitCode.Usage, "key=wrapped needs the file: wrapped:file=FILE");
        }

        string path = parts[at][FileOption.Length..].Replace("\\:", ":", StringComparison.Ordinal);
        parts.RemoveAt(at);
        if (KeyReader.Parse([string.Join(':', ["passphrase", .. parts])])[0] is not KeySpec.Passphrase login)
        {
            throw new CommandException(ExitCode.Usage, "key=wrapped takes the options of a passphrase");
        }

        WrappedPassphrase wrapped = WrappedKeyFile.Read(path);
        using SecretBuffer secret = KeyReader.ReadPassphrase(login.Input, path, "Login passphrase: ");
        using SecretBuffer mount = WrappedKeyFile.Unwrap(path, wrapped, secret);
        if (!given.TryAddPassphrase(mount, null, out string? error))
        {
            throw new CommandException(ExitCode.KeyWrong, $"{lower}: {error}");
        }
    }

    /// <summary>Splits at colons that no backslash escapes; the parts keep their escapes.</summary>
    private static List<string> SplitAtColons(string text)
    {
        List<string> parts = [];
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == ':' && (i == 0 || text[i - 1] != '\\'))
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>Takes <c>passphrase_salt=</c> or <c>salt=</c> out of a specification; the native format has no such thing.</summary>
    private static EcryptfsSalt? TakeSalt(ref string text)
    {
        EcryptfsSalt? found = null;
        List<string> kept = [];
        foreach (string part in SplitAtColons(text))
        {
            string? value = part.StartsWith("passphrase_salt=", StringComparison.Ordinal) ? part[16..]
                : part.StartsWith("salt=", StringComparison.Ordinal) ? part[5..]
                : null;
            if (value is null)
            {
                kept.Add(part);
            }
            else if (EcryptfsSalt.TryParse(value, out EcryptfsSalt salt))
            {
                found = salt;
            }
            else
            {
                throw new CommandException(ExitCode.Usage, $"{part}: a salt is 16 hexadecimal digits");
            }
        }

        text = string.Join(':', kept);
        return found;
    }

    private static EcryptfsPrivateKey LoadPem(KeySpec.Pem pem)
    {
        using PemFile file = PemReader.Open(pem.File);
        return PemReader.Unlock<EcryptfsPrivateKey>(pem, file, EcryptfsPrivateKey.Load);
    }

    private static void CheckOwner(SafeFd root, string lower, EcryptfsOptions options)
    {
        if (options.ChecksOwner
            && Libc.Statx(root, [], out StatxBuffer status) == Errno.None
            && status.UserId != Libc.EffectiveUser)
        {
            throw new CommandException(
                ExitCode.NotPermitted, $"{lower}: belongs to another user, and ecryptfs_check_dev_ruid was asked for");
        }
    }
}
