using System.CommandLine;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs init LOWER [--key KEYSPEC]... [--names encrypted|plain]</c>.</summary>
internal static class InitCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> lower = new("LOWER") { Description = "an existing directory, best an empty one" };
        Option<string[]> keys = new("--key", "-k")
        {
            Description = "a key that will open the volume; may be given several times (default: asks for a passphrase)",
            HelpName = "KEYSPEC",
        };
        Option<string> names = new("--names") { Description = "how file names are stored", DefaultValueFactory = _ => "encrypted" };
        names.AcceptOnlyFromAmong("encrypted", "plain");
        Command command = new("init", "make a directory a StackFs volume") { lower, keys, names };
        command.SetAction(result => (int)Run(
            result.GetRequiredValue(lower),
            result.GetValue(keys) ?? [],
            result.GetRequiredValue(names) == "plain" ? NamesMode.Plain : NamesMode.Encrypted));
        return command;
    }

    /// <summary>Makes a volume, for this command and for others that need one.</summary>
    internal static ExitCode Run(string lower, IReadOnlyList<string> keys, NamesMode names)
    {
        IReadOnlyList<KeySpec> specs = KeyReader.Parse(keys);
        using SafeFd root = VolumeOpener.OpenLowerRoot(lower);
        ConfigFile file = new(root);
        ConfigStatus found = file.Read(out _);
        if (found != ConfigStatus.Missing)
        {
            throw VolumeErrors.Of(found == ConfigStatus.IoError ? found : ConfigStatus.Exists, file.Error, lower);
        }

        List<string> foreign = [.. Directory.EnumerateFileSystemEntries(lower).Take(1)];
        _ = ProcessHardening.Apply(); // What fails here, a mount refuses; making a volume is a matter of a second.
        List<ISlotMaker> makers = [];
        try
        {
            foreach (KeySpec spec in specs)
            {
                makers.Add(KeyReader.ForNewSlot(spec, lower));
            }

            ConfigStatus status = Volume.Create(file, new VolumeSettings(names, FileFormat.Native), makers, out Volume? volume);
            if (volume is null)
            {
                throw VolumeErrors.Of(status, file.Error, lower);
            }

            using (volume)
            {
                Pinning.Remember(volume.Config.Id, OurMount.Canonical(lower));
                Messages.Note($"{lower}: a StackFs volume now, signature {volume.Config.Id.Signature}");
            }

            makers.OfType<RecoveryKey>().ToList().ForEach(key => RecoveryPrinter.Print(key, lower));
        }
        finally
        {
            makers.OfType<IDisposable>().ToList().ForEach(m => m.Dispose());
        }

        if (foreign.Count > 0)
        {
            Messages.Warning($"{lower}: what was in it already stays as it is, not encrypted");
        }

        return ExitCode.Success;
    }
}
