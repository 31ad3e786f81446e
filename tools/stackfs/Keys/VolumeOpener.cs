using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Keys;

/// <summary>From a lower directory and what people say about keys to an open volume.</summary>
internal static class VolumeOpener
{
    /// <summary>Opens the volume in a lower directory.</summary>
    /// <param name="lower">The lower directory.</param>
    /// <param name="keys">Key specifications, tried in order; none means a passphrase that is asked for.</param>
    /// <param name="signature">The volume that is expected, or null for one that the user knows.</param>
    /// <param name="trustsNew">A volume never mounted before needs no confirmation.</param>
    /// <returns>The volume, which the caller disposes.</returns>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public static Volume Open(string lower, IReadOnlyList<string> keys, string? signature, bool trustsNew)
    {
        IReadOnlyList<KeySpec> specs = KeyReader.Parse(keys);
        using SafeFd root = OpenLowerRoot(lower);
        ConfigFile file = new(root);
        ConfigStatus found = file.Read(out UnverifiedConfig? unverified);
        if (unverified is null)
        {
            throw VolumeErrors.Of(found, file.Error, lower);
        }

        string place = OurMount.Canonical(lower);
        bool remember = Pinning.Confirm(unverified.ClaimedId, place, signature, trustsNew);
        Volume volume = Unlock(unverified, specs, lower);
        if (remember)
        {
            Pinning.Remember(volume.Config.Id, place);
        }

        return volume;
    }

    /// <summary>Opens a lower directory for its configuration file.</summary>
    /// <exception cref="CommandException">It is not there, not a directory, or not to be read.</exception>
    public static SafeFd OpenLowerRoot(string lower)
    {
        Errno errno = ConfigFile.OpenLowerRoot(lower, out SafeFd root);
        return errno switch
        {
            Errno.None => root,
            Errno.ENOENT => throw new CommandException(ExitCode.NotFound, $"{lower}: no such directory", $"make it first: mkdir -p {lower}"),
            Errno.ENOTDIR => throw new CommandException(ExitCode.NotFound, $"{lower}: not a directory"),
            Errno.EACCES or Errno.EPERM => throw new CommandException(ExitCode.NotPermitted, $"{lower}: {ErrnoText.Of(errno)}"),
            _ => throw new CommandException(ExitCode.Failure, $"{lower}: {ErrnoText.Of(errno)}"),
        };
    }

    private static Volume Unlock(UnverifiedConfig unverified, IReadOnlyList<KeySpec> specs, string lower)
    {
        UnlockStatus last = UnlockStatus.NoSuchSlot;
        foreach (KeySpec spec in specs)
        {
            using IKeySource key = KeyReader.ForOpening(spec, lower);
            VolumeStatus status = Volume.Unlock(unverified, key, out Volume? volume);
            if (volume is not null)
            {
                return volume;
            }

            if (status.Config != ConfigStatus.Ok)
            {
                throw VolumeErrors.Of(status.Config, Errno.None, lower);
            }

            last = status.Key == UnlockStatus.WrongKey ? status.Key : last;
        }

        throw VolumeErrors.Of(last, lower);
    }
}
