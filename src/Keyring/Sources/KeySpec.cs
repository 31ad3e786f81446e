using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Sources;

/// <summary>
/// A key specification, as <c>--key</c> and <c>-o key=</c> take it, in eCryptfs's spellings:
/// <c>passphrase[:passphrase_passwd_file=FILE|:passphrase_passwd_fd=N]</c>,
/// <c>openssl:keyfile=FILE[:passwd_file=FILE|:passwd_fd=N]</c> (or <c>pem:</c>), <c>recovery</c> with the options of
/// <c>passphrase</c>, <c>keyring[:SIG]</c>.
/// </summary>
/// <remarks>Options are separated by colons; a colon within a value is written <c>\:</c>.</remarks>
public abstract record KeySpec
{
    private KeySpec()
    {
    }

    /// <summary>A passphrase.</summary>
    /// <param name="Input">Where it comes from.</param>
    public sealed record Passphrase(SecretInput Input) : KeySpec;

    /// <summary>A printed recovery key.</summary>
    /// <param name="Input">Where it comes from.</param>
    public sealed record Recovery(SecretInput Input) : KeySpec;

    /// <summary>A private key in a PEM file; for making a slot a public key or certificate is enough.</summary>
    /// <param name="File">The PEM file.</param>
    /// <param name="Input">Where its passphrase comes from, if it has one.</param>
    public sealed record Pem(string File, SecretInput Input) : KeySpec;

    /// <summary>A key that the keyring daemon holds.</summary>
    /// <param name="Signature">Which; null for the volume's own.</param>
    public sealed record Keyring(Signature? Signature) : KeySpec;

    /// <summary>Whether a passphrase is written out in the specification itself: to be warned about.</summary>
    public bool IsExposed => this switch
    {
        Passphrase { Input: SecretInput.Given } or Recovery { Input: SecretInput.Given } or Pem { Input: SecretInput.Given }
            => true,
        _ => false,
    };

    /// <summary>Parses a specification.</summary>
    /// <param name="text">The specification.</param>
    /// <param name="spec">What it says.</param>
    /// <param name="error">One line that names the option and says what is allowed, without any value of it.</param>
    public static bool TryParse(string text, out KeySpec? spec, out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        spec = null;
        List<string> parts = Split(text);
        string kind = parts[0];
        parts.RemoveAt(0);
        switch (kind)
        {
            case "passphrase":
                return Finish(ParseInput(kind, parts, "passphrase_", out error), i => new Passphrase(i), out spec);
            case "recovery":
                return Finish(ParseInput(kind, parts, "passphrase_", out error), i => new Recovery(i), out spec);
            case "openssl" or "pem":
                return TryParsePem(kind, parts, out spec, out error);
            case "keyring":
                return TryParseKeyring(parts, out spec, out error);
            default:
                error = $"key '{Quote(kind)}' is unknown: use passphrase, openssl, recovery or keyring";
                return false;
        }
    }

    private static bool Finish(SecretInput? input, Func<SecretInput, KeySpec> make, out KeySpec? spec)
    {
        spec = input is null ? null : make(input);
        return spec is not null;
    }

    private static bool TryParsePem(string kind, List<string> parts, out KeySpec? spec, out string? error)
    {
        const string FileOption = "keyfile=";
        spec = null;
        int at = parts.FindIndex(part => part.StartsWith(FileOption, StringComparison.Ordinal));
        string file = at < 0 ? "" : parts[at][FileOption.Length..];
        if (file.Length == 0)
        {
            error = $"key '{kind}' needs the PEM file: {kind}:keyfile=FILE";
            return false;
        }

        parts.RemoveAt(at);
        return Finish(ParseInput(kind, parts, "openssl_", out error), i => new Pem(file, i), out spec);
    }

    private static bool TryParseKeyring(List<string> parts, out KeySpec? spec, out string? error)
    {
        spec = null;
        error = null;
        if (parts.Count == 0)
        {
            spec = new Keyring((Signature?)null);
        }
        else if (parts.Count == 1 && Volumes.Signature.TryParse(parts[0], out Signature signature))
        {
            spec = new Keyring(signature);
        }
        else
        {
            error = "key 'keyring' takes one signature of 16 hexadecimal digits: keyring:SIG";
        }

        return spec is not null;
    }

    /// <summary>The passphrase options, with eCryptfs's prefix or without; none of them means a prompt.</summary>
    private static SecretInput? ParseInput(string kind, List<string> parts, string prefix, out string? error)
    {
        error = null;
        if (parts.Count == 0)
        {
            return new SecretInput.Prompt();
        }

        if (parts.Count > 1)
        {
            error = $"key '{kind}' takes its passphrase from one place, not {parts.Count}";
            return null;
        }

        string option = parts[0];
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? option : option[..equals];
        string value = equals < 0 ? "" : option[(equals + 1)..];
        string bare = name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
        switch (bare)
        {
            case "passwd_file" or "passfile" when value.Length > 0:
                return new SecretInput.FromFile(value);
            case "passwd_fd" or "passfd" when uint.TryParse(value, out uint fd) && fd <= int.MaxValue:
                return new SecretInput.FromDescriptor((int)fd);
            case "passwd" when value.Length > 0:
                return new SecretInput.Given(value);
            case "credential" when value.Length > 0 && !value.Contains('/') && value[0] != '.':
                return new SecretInput.Credential(value);
            case "credential":
                error = $"key '{kind}': option credential needs the name of a credential, which has no slash";
                return null;
            case "ask-password" when equals < 0:
                return new SecretInput.Agent();
            case "passwd_file" or "passfile" or "passwd" or "passwd_fd" or "passfd":
                error = $"key '{kind}': option {bare} needs a value";
                return null;
            default:
                error = $"key '{kind}' has no option '{Quote(name)}': use passfile=FILE, passfd=N or credential=NAME";
                return null;
        }
    }

    /// <summary>Splits at colons; <c>\:</c> stands for a colon and every other backslash for itself.</summary>
    private static List<string> Split(string text)
    {
        List<string> parts = [];
        System.Text.StringBuilder part = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == ':')
            {
                part.Append(':');
                i++;
            }
            else if (text[i] == ':')
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else
            {
                part.Append(text[i]);
            }
        }

        parts.Add(part.ToString());
        return parts;
    }

    /// <summary>A word for a message: without control characters, and not the whole of a long one.</summary>
    private static string Quote(string word)
    {
        const int Longest = 32;
        string shown = word.Length > Longest ? word[..Longest] + "…" : word;
        return string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c));
    }
}
