using StackFs.Cli.Output;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Keys;

/// <summary>What a volume's or key's status means to people.</summary>
internal static class VolumeErrors
{
    /// <summary>Why a volume's configuration cannot be used or made.</summary>
    /// <param name="status">Not Ok.</param>
    /// <param name="errno">The system's error where the status is IoError.</param>
    /// <param name="lower">The lower directory as the user wrote it.</param>
    public static CommandException Of(ConfigStatus status, Errno errno, string lower)
    {
        string file = Path.Combine(lower, VolumeConfig.FileName);
        return status switch
        {
            ConfigStatus.Missing => new CommandException(
                ExitCode.NotAVolume, $"{lower}: not a StackFs volume: there is no {VolumeConfig.FileName} in it", $"make it one: stackfs init {lower}"),
            ConfigStatus.NotAConfig => new CommandException(
                ExitCode.NotAVolume, $"{file}: something else, not the configuration of a StackFs volume"),
            ConfigStatus.MadeByNewerVersion => new CommandException(
                ExitCode.NotAVolume, $"{file}: made by a newer version of StackFs", "use that version or a later one"),
            ConfigStatus.Damaged => new CommandException(
                ExitCode.Damaged, $"{file}: damaged", "restore this one file from a backup; the other files are not affected"),
            ConfigStatus.CostTooHigh => new CommandException(
                ExitCode.Damaged, $"{file}: asks for more memory or time than any volume of ours; it is damaged or hostile"),
            ConfigStatus.TamperedWith => new CommandException(
                ExitCode.Damaged,
                $"{file}: changed by somebody who does not have the key, or damaged",
                "restore this one file from a backup; the other files are not affected"),
            ConfigStatus.Exists => new CommandException(
                ExitCode.Exists, $"{lower}: a StackFs volume already; nothing was changed", $"mount it: stackfs mount {lower} MOUNTPOINT"),
            ConfigStatus.ChangedMeanwhile => new CommandException(
                ExitCode.Busy, $"{file}: somebody else changed it at the same time; nothing was written", "try again"),
            ConfigStatus.SlotsDoNotFit => new CommandException(
                ExitCode.Usage, $"{lower}: too many keys for one volume, or one of them twice; nothing was made", "8 are the most, fewer with long RSA keys"),
            ConfigStatus.KeyRevoked => new CommandException(ExitCode.KeyMissing, $"{lower}: its key was taken away"),
            _ => new CommandException(
                errno is Errno.EACCES or Errno.EPERM ? ExitCode.NotPermitted : ExitCode.Failure, $"{file}: {ErrnoText.Of(errno)}"),
        };
    }

    /// <summary>Why a key does not open <paramref name="what"/>.</summary>
    public static CommandException Of(UnlockStatus status, string what) => status == UnlockStatus.NoSuchSlot
        ? new CommandException(ExitCode.KeyWrong, $"{what}: cannot be opened with a key of this kind")
        : new CommandException(ExitCode.KeyWrong, $"{what}: wrong passphrase or key");
}
