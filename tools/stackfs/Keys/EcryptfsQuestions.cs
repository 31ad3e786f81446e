using System.Globalization;
using StackFs.Cli.Output;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Mounting.Ecryptfs;

namespace StackFs.Cli.Keys;

/// <summary>
/// What <c>mount.ecryptfs</c> asks on a terminal, in its order and with its defaults, where no key was given. An option that
/// was given answers its question.
/// </summary>
internal static class EcryptfsQuestions
{
    private const int Tries = 3;
    private const string DefaultPem = ".ecryptfs/pki/openssl/key.pem";

    /// <summary>Asks for the kind of key.</summary>
    /// <returns>A key specification; a passphrase where nobody can be asked, so that its own question says so.</returns>
    public static string AskKey()
    {
        string? kind = Choose("Select key type to use for newly created files:", ["passphrase", "openssl"], "passphrase");
        if (kind != "openssl")
        {
            return "passphrase";
        }

        string home = Environment.GetEnvironmentVariable("HOME") ?? "/root";
        string suggested = Path.Combine(home, DefaultPem);
        string? answer = Terminal.AskText($"PEM key file [{suggested}]: ");
        string file = string.IsNullOrEmpty(answer) ? suggested : answer;
        return "openssl:keyfile=" + file.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);
    }

    /// <summary>Asks for what the options do not say.</summary>
    /// <param name="given">The options.</param>
    /// <param name="suggested">The signature to suggest for names.</param>
    /// <returns>The options with the answers; as they were where nobody can be asked.</returns>
    public static EcryptfsOptions Complete(EcryptfsOptions given, EcryptfsSignature suggested)
    {
        List<KeyValuePair<string, string?>> answers = [];
        string cipher = given.Cipher.Name;
        if (!given.Says("ecryptfs_cipher"))
        {
            if (Choose("Select cipher:", ["aes", "blowfish", "des3_ede", "twofish", "cast6", "cast5"], "aes") is not string chosen)
            {
                return given;
            }

            cipher = chosen;
            answers.Add(new("ecryptfs_cipher", cipher));
        }

        if (!given.Says("ecryptfs_key_bytes"))
        {
            _ = CipherSpec.TryParseName(cipher, out CipherKind kind); // One of those offered, or given and parsed.
            string[] sizes = [.. CipherSpec.UsableKeyBytes(kind).ToArray().Select(static n => n.ToString(CultureInfo.InvariantCulture))];
            if (Choose("Select key bytes:", sizes, sizes[0]) is not string bytes)
            {
                return given;
            }

            answers.Add(new("ecryptfs_key_bytes", bytes));
        }

        if (!given.Says("ecryptfs_passthrough"))
        {
            answers.Add(new("ecryptfs_passthrough", YesOrNo("Enable plaintext passthrough")));
        }

        if (!given.Says("ecryptfs_enable_filename_crypto") && !given.Says("ecryptfs_fnek_sig"))
        {
            answers.Add(new("ecryptfs_enable_filename_crypto", YesOrNo("Enable filename encryption")));
        }

        EcryptfsOptions complete = Parse(given, answers);
        if (complete.EncryptsNames && !given.Says("ecryptfs_fnek_sig"))
        {
            answers.Add(new("ecryptfs_fnek_sig", AskSignature(suggested)));
            complete = Parse(given, answers);
        }

        Messages.Note("Attempting to mount with the following options:");
        foreach ((string name, string? value) in complete.Source)
        {
            Messages.Note(value is null ? $"  {name}" : $"  {name}={value}");
        }

        return complete;
    }

    private static EcryptfsOptions Parse(EcryptfsOptions given, List<KeyValuePair<string, string?>> answers) =>
        EcryptfsOptions.TryParse(given.Source.Concat(answers), out EcryptfsOptions? parsed, out string? error)
            ? parsed!
            : throw new CommandException(ExitCode.Usage, error!);

    private static string AskSignature(EcryptfsSignature suggested)
    {
        for (int i = 0; i < Tries; i++)
        {
            string? answer = Terminal.Ask($"Filename Encryption Key (FNEK) Signature [{suggested}]: ");
            if (string.IsNullOrEmpty(answer))
            {
                return suggested.ToString();
            }

            if (EcryptfsSignature.TryParse(answer.AsSpan(), out EcryptfsSignature signature))
            {
                return signature.ToString();
            }
        }

        throw GaveUp("a signature of 16 hexadecimal digits");
    }

    private static string YesOrNo(string question)
    {
        for (int i = 0; i < Tries; i++)
        {
            switch (Terminal.Ask($"{question} (y/n) [n]: "))
            {
                case "y" or "yes":
                    return "y";
                case "n" or "no" or "" or null:
                    return "n";
                default:
                    break;
            }
        }

        throw GaveUp("y or n");
    }

    /// <summary>A numbered list, answered by number or name; null where nobody can be asked.</summary>
    private static string? Choose(string title, string[] names, string suggested)
    {
        string list = string.Concat(names.Select((name, i) => string.Create(CultureInfo.InvariantCulture, $" {i + 1}) {name}\n")));
        for (int i = 0; i < Tries; i++)
        {
            string? answer = Terminal.Ask($"{title}\n{list}Selection [{suggested}]: ");
            if (answer is null)
            {
                return null;
            }

            if (answer.Length == 0)
            {
                return suggested;
            }

            // A name before a number: key sizes are both.
            int at = Array.IndexOf(names, answer);
            if (at < 0 && int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                at = number - 1;
            }

            if (at >= 0 && at < names.Length)
            {
                return names[at];
            }
        }

        throw GaveUp("one of the numbers or names listed");
    }

    private static CommandException GaveUp(string wanted) =>
        new(ExitCode.Usage, $"not mounted: {wanted} was needed", "or give the answers as options: docs/options.md");
}
