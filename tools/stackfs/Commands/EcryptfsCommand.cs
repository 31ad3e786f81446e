using System.CommandLine;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Keyring;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Sources;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs ecryptfs …</c>: what ecryptfs-utils did with encrypted homes and their files.</summary>
internal static class EcryptfsCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Command command = new("ecryptfs", "open encrypted homes and other eCryptfs trees, and their key files");
        command.Add(CreateMountPrivate());
        command.Add(CreateUnwrap());
        command.Add(CreateRewrap());
        command.Add(CreateAddPassphrase());
        command.Add(EcryptfsRecover.Create());
        return command;
    }

    /// <summary>Where a command's passphrase comes from, by its <c>--passfile</c>.</summary>
    internal static SecretInput InputOf(string? passFile) =>
        passFile is null ? new SecretInput.Prompt() : new SecretInput.FromFile(passFile);

    /// <summary>An option for a file with a passphrase.</summary>
    internal static Option<string?> PassFileOption(string name, string description) =>
        new(name) { Description = description, HelpName = "FILE" };

    private static Command CreateMountPrivate()
    {
        Argument<string?> directory = new("DIR")
        {
            Description = "a home, or what holds .ecryptfs and .Private (default: your home)",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Argument<string?> mountpoint = new("MOUNTPOINT")
        {
            Description = "where to show it (default: what Private.mnt says, else DIR/Private)",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> passFile = PassFileOption("--passfile", "file with the login passphrase (default: asks)");
        Option<string[]> options = new("-o", "--options") { Description = "further mount options", HelpName = "OPTIONS" };
        Option<bool> foreground = new("--foreground", "-f") { Description = "serve in this process" };
        Command command = new("mount-private", "mount an encrypted home or private directory with its login passphrase")
        {
            directory, mountpoint, passFile, options, foreground,
        };
        command.SetAction(result =>
        {
            PrivateTree tree = PrivateTree.Find(result.GetValue(directory));
            string where = result.GetValue(mountpoint) ?? tree.MountPoint;
            _ = Directory.CreateDirectory(where);
            string more = string.Join(',', result.GetValue(options) ?? []);
            string all = tree.Options(result.GetValue(passFile)) + (more.Length > 0 ? "," + more : string.Empty);
            return (int)MountCommand.Run(
                tree.Lower, where, all, result.GetValue(foreground), sloppy: false, verbose: false, fake: false);
        });
        return command;
    }

    private static Command CreateUnwrap()
    {
        Argument<string> file = new("FILE") { Description = "a wrapped-passphrase file" };
        Option<string?> passFile = PassFileOption("--passfile", "file with the wrapping passphrase (default: asks)");
        Command command = new("unwrap", "print the mount passphrase in a wrapped-passphrase file") { file, passFile };
        command.SetAction(result =>
        {
            _ = ProcessHardening.Apply(); // For the second it runs, what a mount refuses is tolerable.
            string path = result.GetRequiredValue(file);
            WrappedPassphrase wrapped = WrappedKeyFile.Read(path);
            using SecretBuffer login = KeyReader.ReadPassphrase(InputOf(result.GetValue(passFile)), path, "Passphrase: ");
            using SecretBuffer mount = WrappedKeyFile.Unwrap(path, wrapped, login);
            using Stream output = Console.OpenStandardOutput();
            mount.Use(output, static (text, stream) => stream.Write(text));
            output.Write("\n"u8);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static Command CreateRewrap()
    {
        Argument<string> file = new("FILE") { Description = "a wrapped-passphrase file" };
        Option<string?> oldFile = PassFileOption("--passfile", "file with the old wrapping passphrase (default: asks)");
        Option<string?> newFile = PassFileOption("--new-passfile", "file with the new wrapping passphrase (default: asks twice)");
        Command command = new("rewrap", "change the passphrase of a wrapped-passphrase file; writes version 2") { file, oldFile, newFile };
        command.SetAction(result =>
        {
            _ = ProcessHardening.Apply(); // As for unwrap.
            string path = result.GetRequiredValue(file);
            WrappedPassphrase wrapped = WrappedKeyFile.Read(path);
            using SecretBuffer login = KeyReader.ReadPassphrase(InputOf(result.GetValue(oldFile)), path, "Old passphrase: ");
            using SecretBuffer mount = WrappedKeyFile.Unwrap(path, wrapped, login);
            using SecretBuffer fresh = ReadNew(result.GetValue(newFile), path);
            WrappedKeyFile.Replace(path, WrappedPassphrase.Wrap(mount, fresh));
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static Command CreateAddPassphrase()
    {
        Option<bool> fnek = new("--fnek") { Description = "also the key of an encrypted home's names" };
        Option<string?> passFile = PassFileOption("--passfile", "file with the mount passphrase (default: asks)");
        Command command = new("add-passphrase", "put the keys of a mount passphrase into the kernel's user keyring") { fnek, passFile };
        command.SetAction(result =>
        {
            _ = ProcessHardening.Apply(); // As for unwrap.
            using SecretBuffer mount = KeyReader.ReadPassphrase(InputOf(result.GetValue(passFile)), "the kernel keyring", "Passphrase: ");
            if (!EcryptfsKey.IsUsablePassphrase(mount))
            {
                throw new CommandException(ExitCode.Usage, "an eCryptfs passphrase has 1 to 64 bytes, none of them NUL");
            }

            AddToKeyring(mount, EcryptfsSalt.Content);
            if (result.GetValue(fnek))
            {
                AddToKeyring(mount, EcryptfsSalt.Names);
            }

            return (int)ExitCode.Success;
        });
        return command;
    }

    private static void AddToKeyring(SecretBuffer passphrase, EcryptfsSalt salt)
    {
        using EcryptfsKey key = EcryptfsKey.FromPassphrase(passphrase, salt);
        Keyring.Interop.Errno errno = KernelKeyring.Add(key);
        if (errno != Keyring.Interop.Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"{key.Signature}: cannot be put into the kernel's keyring: {ErrnoText.Of(errno)}");
        }

        Console.Out.WriteLine(key.Signature);
    }

    private static SecretBuffer ReadNew(string? passFile, string path)
    {
        SecretBuffer fresh = KeyReader.ReadPassphrase(InputOf(passFile), path, "New passphrase: ");
        if (!EcryptfsKey.IsUsablePassphrase(fresh))
        {
            fresh.Dispose();
            throw new CommandException(ExitCode.Usage, "an eCryptfs passphrase has 1 to 64 bytes, none of them NUL");
        }

        if (passFile is null)
        {
            using SecretBuffer again = KeyReader.ReadPassphrase(new SecretInput.Prompt(), path, "The same again: ");
            if (!fresh.FixedTimeEquals(again))
            {
                fresh.Dispose();
                throw new CommandException(ExitCode.KeyWrong, $"{path}: the two passphrases differ", "nothing was changed; try again");
            }
        }

        return fresh;
    }
}
