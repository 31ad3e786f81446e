using System.CommandLine;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Keyring;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs keygen FILE.pem [--type rsa|ec|x25519] [--passphrase | --passfile FILE | --passfd N]</c>.</summary>
internal static class KeygenCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> file = new("FILE.pem") { Description = "a new file, which gets mode 600; one that is there is left alone" };
        Option<string> type = new("--type") { Description = "rsa has 3072 bits, ec is P-256", DefaultValueFactory = _ => "x25519" };
        type.AcceptOnlyFromAmong("rsa", "ec", "x25519");
        Option<bool> asks = new("--passphrase") { Description = "ask for a passphrase that protects it (default: none)" };
        Option<string> passfile = new("--passfile") { Description = "its passphrase stands in a file", HelpName = "FILE" };
        Option<int?> passfd = new("--passfd") { Description = "its passphrase comes from an open descriptor", HelpName = "N" };
        Command command = new("keygen", "make a private key in a PEM file") { file, type, asks, passfile, passfd };
        command.SetAction(result => (int)Run(
            result.GetRequiredValue(file),
            result.GetRequiredValue(type),
            Input(result.GetValue(asks), result.GetValue(passfile), result.GetValue(passfd))));
        return command;
    }

    private static SecretInput? Input(bool asks, string? passfile, int? passfd)
    {
        List<SecretInput> inputs = [];
        if (asks)
        {
            inputs.Add(new SecretInput.Prompt());
        }

        if (passfile is not null)
        {
            inputs.Add(new SecretInput.FromFile(passfile));
        }

        if (passfd is { } number)
        {
            inputs.Add(new SecretInput.FromDescriptor(number));
        }

        return inputs.Count <= 1 ? inputs.FirstOrDefault() : throw new CommandException(
            ExitCode.Usage, "--passphrase, --passfile, --passfd: a key has one passphrase; give one of them");
    }

    private static ExitCode Run(string path, string type, SecretInput? input)
    {
        if (Path.Exists(path))
        {
            throw Exists(path);
        }

        _ = ProcessHardening.Apply(); // A one-time command: what a mount refuses is tolerable for the second it runs.
        using SecretBuffer? passphrase = input is null ? null : KeyReader.ReadNewPassphrase(input, path);
        using PrivateKey key = PemFile.Generate(type switch
        {
            "rsa" => SlotAlgorithm.RsaOaep,
            "ec" => SlotAlgorithm.EcdhP256,
            _ => SlotAlgorithm.X25519,
        });
        Errno errno = PemFile.Write(path, key, passphrase);
        if (errno != Errno.None)
        {
            throw errno switch
            {
                Errno.EEXIST => Exists(path),
                Errno.ENOENT or Errno.ENOTDIR => new CommandException(ExitCode.NotFound, $"{path}: no such directory to make it in"),
                Errno.EACCES or Errno.EPERM or Errno.EROFS => new CommandException(ExitCode.NotPermitted, $"{path}: {ErrnoText.Of(errno)}"),
                _ => new CommandException(ExitCode.Failure, $"{path}: {ErrnoText.Of(errno)}"),
            };
        }

        Messages.Note($"{path}: a new key, {SlotReport.NameOf(key.PublicKey.Algorithm)} {Convert.ToHexStringLower(key.PublicKey.Fingerprint)}");
        if (passphrase is null)
        {
            Messages.Note("it has no passphrase: whoever has the file has the key");
        }

        return ExitCode.Success;
    }

    private static CommandException Exists(string path) =>
        new(ExitCode.Exists, $"{path}: is there already; nothing was made", "take another name, or move it away");
}
