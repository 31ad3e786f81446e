using StackFs.Cli.Output;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;

namespace StackFs.Cli.Keys;

/// <summary>Keys from PEM files.</summary>
internal static class PemReader
{
    /// <summary>Tries to open a key of a PEM file with a passphrase, or with none to find out whether one is needed.</summary>
    public delegate PemStatus Opener<TKey>(PemFile file, SecretBuffer? passphrase, out TKey? key)
        where TKey : class;

    /// <summary>The private key that opens slots of its public key.</summary>
    public static IKeySource PrivateKey(KeySpec.Pem pem)
    {
        using PemFile file = Open(pem.File);
        return Unlock<PrivateKey>(pem, file, static (PemFile f, SecretBuffer? p, out PrivateKey? k) => f.TryOpenPrivateKey(p, out k));
    }

    /// <summary>Whatever makes slots: the private key if the file has one, else a public key or a certificate.</summary>
    public static ISlotMaker SlotMaker(KeySpec.Pem pem)
    {
        using PemFile file = Open(pem.File);
        if (file.HasPrivateKey)
        {
            return Unlock<PrivateKey>(pem, file, static (PemFile f, SecretBuffer? p, out PrivateKey? k) => f.TryOpenPrivateKey(p, out k));
        }

        PemStatus status = file.TryOpenPublicKey(out PublicKey? key);
        return key ?? throw Error(status, pem.File);
    }

    /// <summary>Reads a PEM file.</summary>
    /// <exception cref="CommandException">It is not there, or not a PEM file.</exception>
    public static PemFile Open(string path)
    {
        PemStatus status = PemFile.Open(path, out PemFile? file, out Errno errno);
        if (file is not null)
        {
            return file;
        }

        throw errno == Errno.None ? Error(status, path) : new CommandException(
            errno is Errno.ENOENT or Errno.ENOTDIR ? ExitCode.NotFound : ExitCode.Failure, $"{path}: {ErrnoText.Of(errno)}");
    }

    /// <summary>Opens the file's private key, with a passphrase only where it needs one.</summary>
    /// <param name="pem">Where the passphrase comes from.</param>
    /// <param name="file">The file; stays the caller's.</param>
    /// <param name="open">Tries one passphrase.</param>
    /// <exception cref="CommandException">It holds no usable private key, or the passphrase is wrong.</exception>
    public static TKey Unlock<TKey>(KeySpec.Pem pem, PemFile file, Opener<TKey> open)
        where TKey : class
    {
        if (file.ReadableByOthers)
        {
            Messages.Warning($"{pem.File}: other users can read this key; chmod 600 it");
        }

        PemStatus status = open(file, null, out TKey? key);
        if (status == PemStatus.NeedsPassphrase)
        {
            using SecretBuffer passphrase = KeyReader.ReadPassphrase(pem.Input, pem.File, $"Passphrase of {pem.File}: ");
            status = open(file, passphrase, out key);
        }

        return key ?? throw Error(status, pem.File);
    }

    private static CommandException Error(PemStatus status, string path) => status switch
    {
        PemStatus.NotPem => new CommandException(ExitCode.NotFound, $"{path}: not a PEM file"),
        PemStatus.TooLong => new CommandException(ExitCode.Damaged, $"{path}: longer than any key's file"),
        PemStatus.NoPrivateKey => new CommandException(
            ExitCode.KeyWrong, $"{path}: holds no private key", "a public key or certificate can make a slot, and open none"),
        PemStatus.WrongPassphrase => new CommandException(ExitCode.KeyWrong, $"{path}: the passphrase does not open it"),
        PemStatus.Damaged => new CommandException(ExitCode.Damaged, $"{path}: cannot be read as a key"),
        PemStatus.CostTooHigh => new CommandException(
            ExitCode.Damaged, $"{path}: its encryption asks for more time or memory than is ever spent; it is damaged or hostile"),
        PemStatus.WeakRsa => new CommandException(ExitCode.KeyWrong, $"{path}: an RSA key of less than 2048 bits is too weak"),
        PemStatus.HugeRsa => new CommandException(ExitCode.KeyWrong, $"{path}: an RSA key of more than 8192 bits"),
        _ => new CommandException(
            ExitCode.KeyWrong, $"{path}: a key of a kind that cannot be used here", "RSA, EC on P-256, P-384 or P-521, or X25519"),
    };
}
