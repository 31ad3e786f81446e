using System.Globalization;
using StackFs.Cli.Output;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;

namespace StackFs.Cli.Keys;

/// <summary>
/// Turns what people say about keys (KEYSPEC, docs/options.md) into keys, asking on the terminal where that is said, and
/// warning where a key is in sight of others.
/// </summary>
internal static class KeyReader
{
    private const string HowToGive = "give one: -o key=passphrase:passphrase_passwd_file=FILE, or --key with commands that have it";

    /// <summary>Parses key specifications; none at all means a passphrase that is asked for.</summary>
    /// <exception cref="CommandException">One of them cannot be understood.</exception>
    public static IReadOnlyList<KeySpec> Parse(IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
        {
            return [new KeySpec.Passphrase(new SecretInput.Prompt())];
        }

        List<KeySpec> specs = [];
        foreach (string text in texts)
        {
            if (!KeySpec.TryParse(text, out KeySpec? spec, out string? error))
            {
                throw new CommandException(ExitCode.Usage, error!, "every form of key: docs/options.md");
            }

            if (spec!.IsExposed)
            {
                Messages.Warning("a passphrase stands in the command line, where ps and the shell's history show it; use a file");
            }

            specs.Add(spec);
        }

        return specs;
    }

    /// <summary>Reads a key that is to open something.</summary>
    /// <param name="spec">Which.</param>
    /// <param name="what">What it opens, for the prompt and for errors: a path as the user wrote it.</param>
    /// <returns>The key, which the caller disposes.</returns>
    /// <exception cref="CommandException">It cannot be read, or nobody can be asked.</exception>
    public static IKeySource ForOpening(KeySpec spec, string what)
    {
        switch (spec)
        {
            case KeySpec.Passphrase passphrase:
                return new PassphraseKey(ReadPassphrase(passphrase.Input, what, $"Passphrase for {what}: "));
            case KeySpec.Recovery recovery:
                using (SecretBuffer text = ReadPassphrase(recovery.Input, what, $"Recovery key for {what}: "))
                {
                    return RecoveryKey.TryParse(text, out RecoveryKey? key)
                        ? key
                        : throw new CommandException(
                            ExitCode.KeyWrong, $"{what}: that is no recovery key", "it has 44 digits in 11 groups; one is missing or mistyped");
                }

            case KeySpec.Pem pem:
                return PemReader.PrivateKey(pem);
            default:
                throw NotHere(spec);
        }
    }

    /// <summary>Reads or makes a key that is to get a slot of a new volume; asks twice on a terminal.</summary>
    /// <inheritdoc cref="ForOpening"/>
    public static ISlotMaker ForNewSlot(KeySpec spec, string what)
    {
        switch (spec)
        {
            case KeySpec.Passphrase passphrase:
                return new PassphraseKey(ReadNewPassphrase(passphrase.Input, what));
            case KeySpec.Recovery { Input: SecretInput.Prompt }:
                return RecoveryKey.Create();
            case KeySpec.Pem pem:
                return PemReader.SlotMaker(pem);
            default:
                throw NotHere(spec);
        }
    }

    /// <summary>Reads a passphrase that is to protect something new; asks twice on a terminal.</summary>
    /// <inheritdoc cref="ReadPassphrase"/>
    public static SecretBuffer ReadNewPassphrase(SecretInput input, string what)
    {
        if (input is not SecretInput.Prompt)
        {
            return ReadPassphrase(input, what, string.Empty);
        }

        SecretBuffer first = Ask(what, $"New passphrase for {what}: ");
        using (SecretBuffer second = Ask(what, "The same again: "))
        {
            if (first.FixedTimeEquals(second))
            {
                return first;
            }
        }

        first.Dispose();
        throw new CommandException(ExitCode.KeyWrong, $"{what}: the two passphrases differ", "nothing was made; try again");
    }

    private static CommandException NotHere(KeySpec spec) => new(
        ExitCode.Usage,
        $"a key of the kind '{spec.GetType().Name.ToLowerInvariant()}' cannot be used here",
        "use passphrase, openssl:keyfile=FILE, or recovery");

    /// <summary>Reads a passphrase from where it is said to be.</summary>
    /// <param name="input">Where from.</param>
    /// <param name="what">What it opens, for errors.</param>
    /// <param name="question">What a terminal is asked.</param>
    /// <returns>The passphrase, which the caller disposes.</returns>
    /// <exception cref="CommandException">It cannot be read, or nobody can be asked.</exception>
    public static SecretBuffer ReadPassphrase(SecretInput input, string what, string question)
    {
        switch (input)
        {
            case SecretInput.FromFile file:
                SecretReadResult read = SecretReader.FromFile(file.Path, out SecretBuffer? fromFile);
                if (read.ReadableByOthers)
                {
                    Messages.Warning($"{file.Path}: other users can read this passphrase file; chmod 600 it");
                }

                return Checked(read, fromFile, file.Path);
            case SecretInput.FromDescriptor descriptor:
                return Checked(
                    SecretReader.FromDescriptor(descriptor.Number, out SecretBuffer? fromDescriptor),
                    fromDescriptor,
                    string.Create(CultureInfo.InvariantCulture, $"descriptor {descriptor.Number}"));
            case SecretInput.Credential credential:
                string path = CredentialPath(credential.Name);
                return Checked(SecretReader.FromFile(path, out SecretBuffer? fromSystem), fromSystem, path);
            case SecretInput.Agent:
                return AskPassword.Ask(what, question);
            case SecretInput.Given given:
                return given.ToSecret() ??
                    throw new CommandException(ExitCode.Usage, "passphrase_passwd: the passphrase is empty or too long");
            default:
                return Ask(what, question);
        }
    }

    private static string CredentialPath(string name) =>
        Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } directory
            ? Path.Combine(directory, name)
            : throw new CommandException(
                ExitCode.KeyMissing, $"credential={name}: systemd gave this process no credentials", $"in its unit: LoadCredential={name}:FILE");

    private static SecretBuffer Ask(string what, string question)
    {
        if (TerminalPrompt.Open(out TerminalPrompt? prompt) != Errno.None)
        {
            if (AskPassword.IsExpected)
            {
                return AskPassword.Ask(what, question);
            }

            throw new CommandException(ExitCode.KeyMissing, $"{what}: no key was given and there is no terminal to ask on", HowToGive);
        }

        using (prompt)
        {
            SecretReadResult result = prompt!.Read(question, out SecretBuffer? secret);
            return result.Status == SecretReadStatus.Cancelled
                ? throw new CommandException(ExitCode.KeyMissing, $"{what}: no passphrase was entered", HowToGive)
                : Checked(result, secret, "the passphrase");
        }
    }

    private static SecretBuffer Checked(SecretReadResult result, SecretBuffer? secret, string where) => result.Status switch
    {
        SecretReadStatus.Ok => secret!,
        SecretReadStatus.IoError when result.Error is Errno.ENOENT or Errno.ENOTDIR =>
            throw new CommandException(ExitCode.NotFound, $"{where}: no such passphrase file"),
        SecretReadStatus.IoError =>
            throw new CommandException(ExitCode.Failure, $"{where}: the passphrase cannot be read: {ErrnoText.Of(result.Error)}"),
        SecretReadStatus.Empty => throw new CommandException(ExitCode.KeyMissing, $"{where} is empty"),
        SecretReadStatus.ManyLines => throw new CommandException(
            ExitCode.Usage, $"{where} has more than one line", "it holds the passphrase alone, or a line passphrase_passwd=…"),
        _ => throw new CommandException(
            ExitCode.Usage,
            string.Create(CultureInfo.InvariantCulture, $"{where} is longer than a passphrase may be, {PassphraseKey.MaximumLength} bytes")),
    };
}
