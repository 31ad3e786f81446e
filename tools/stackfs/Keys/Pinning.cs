using StackFs.Cli.Output;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Keys;

/// <summary>
/// Decides whether a volume is one that the user meant. The lower storage cannot be believed about that: whoever has it
/// could put another volume there, one that they can read, and wait for files to be written into it.
/// </summary>
internal static class Pinning
{
    /// <summary>Names another directory for the list of known volumes; for tests and for trying things out.</summary>
    private const string DirectoryVariable = "STACKFS_CONFIG_DIR";

    /// <summary>The directory of this user's settings.</summary>
    /// <exception cref="CommandException">HOME is not set.</exception>
    internal static string ConfigDirectory =>
        Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } named
            ? named
            : KnownVolumes.DefaultDirectory ??
                throw new CommandException(ExitCode.Failure, "HOME is not set, so the list of known volumes has no place");

    /// <summary>Lets a volume pass that an option names, that the list knows, or that the user confirms.</summary>
    /// <param name="claimed">What the configuration in the lower directory says it is.</param>
    /// <param name="lower">The lower directory, absolute and without links.</param>
    /// <param name="signature">The signature that an option names, or null.</param>
    /// <param name="trustsNew">A volume never mounted before needs no confirmation.</param>
    /// <returns>Whether it is to be remembered once its key has opened it.</returns>
    /// <exception cref="CommandException">It is not to be mounted.</exception>
    public static bool Confirm(VolumeKeyId claimed, string lower, string? signature, bool trustsNew)
    {
        if (signature is not null)
        {
            return string.Equals(signature, claimed.Signature.ToString(), StringComparison.OrdinalIgnoreCase)
                ? false
                : throw new CommandException(
                    ExitCode.VolumeNotTrusted, $"{lower}: holds the volume {claimed.Signature}, not {signature} as the option sig= says");
        }

        switch (Read().Check(claimed, lower))
        {
            case PinStatus.Known:
                return false;
            case PinStatus.PlaceHasAnother:
                throw new CommandException(
                    ExitCode.VolumeNotTrusted,
                    $"{lower}: holds another volume than before, {claimed.Signature}",
                    "somebody may have exchanged stackfs.conf; restore it from a backup",
                    $"if it was you, name the volume: -o sig={claimed.Signature}");
            default:
                return trustsNew || Ask(claimed, lower);
        }
    }

    /// <summary>Puts a volume on the user's list. A list that cannot be written is told, and stops nothing.</summary>
    public static void Remember(VolumeKeyId id, string lower)
    {
        Errno errno = Read().Add(id, lower);
        if (errno != Errno.None)
        {
            Messages.Warning($"{ListFile()}: cannot be written: {ErrnoText.Of(errno)}; the next mount will ask again");
        }
    }

    private static bool Ask(VolumeKeyId claimed, string lower)
    {
        string? answer = Terminal.Ask(
            $"You have never mounted the volume {claimed.Signature} in {lower} before. This is right for a new volume;\n" +
            "otherwise somebody may have put another one in its place. Mount it and remember it (yes/no)? ");
        return answer switch
        {
            "yes" or "y" => true,
            null => throw new CommandException(
                ExitCode.VolumeNotTrusted,
                $"{lower}: the volume {claimed.Signature} was never mounted here before, and there is no terminal to ask on",
                $"if it is yours, name it: -o sig={claimed.Signature}",
                "or trust what is found, once, and remember it: -o trust"),
            _ => throw new CommandException(ExitCode.VolumeNotTrusted, $"{lower}: not mounted, as you said"),
        };
    }

    private static KnownVolumes Read()
    {
        Errno errno = KnownVolumes.Read(ConfigDirectory, out KnownVolumes? known);
        return known ?? throw (errno == Errno.EPERM
            ? new CommandException(
                ExitCode.NotPermitted, $"{ListFile()}: belongs to another user, or others may write it", "it must be your own, with mode 600")
            : new CommandException(ExitCode.Failure, $"{ListFile()}: {ErrnoText.Of(errno)}"));
    }

    private static string ListFile() => Path.Combine(ConfigDirectory, KnownVolumes.FileName);
}
