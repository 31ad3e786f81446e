using System.Text.Json;
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
    public static Volume Open(string lower, IReadOnlyList<string> keys, string? signature, bool trustsNew) =>
        Open(lower, keys, signature, trustsNew, out _);

    /// <summary>As the other, and says what kind of slot the key opened.</summary>
    /// <param name="lower">The lower directory, or where it is mounted.</param>
    /// <param name="keys">Key specifications, tried in order; none means a passphrase that is asked for.</param>
    /// <param name="signature">The volume that is expected, or null for one that the user knows.</param>
    /// <param name="trustsNew">A volume never mounted before needs no confirmation.</param>
    /// <param name="kind">The slot's type; None for a key that the keyring held.</param>
    /// <returns>The volume, which the caller disposes; its lease is a <see cref="LocalVolumeKeyLease"/>.</returns>
    public static Volume Open(
        string lower, IReadOnlyList<string> keys, string? signature, bool trustsNew, out SlotType kind)
    {
        IReadOnlyList<KeySpec> specs = KeyReader.Parse(keys);
        UnverifiedConfig unverified = ReadConfig(lower);
        string place = PlaceOf(lower);
        bool remember = Pinning.Confirm(unverified.ClaimedId, place, signature, trustsNew);
        Volume volume = Unlock(unverified, specs, lower, out kind);
        if (remember)
        {
            Pinning.Remember(volume.Config.Id, place);
        }

        return volume;
    }

    /// <summary>
    /// Reads a volume's configuration, from its lower directory or, where a mount covers that, from the process that
    /// serves it.
    /// </summary>
    /// <param name="path">The lower directory, or where it is mounted.</param>
    /// <exception cref="CommandException">There is none, or it cannot be read.</exception>
    public static UnverifiedConfig ReadConfig(string path)
    {
        if (MountAt(path) is { } mount)
        {
            return ReadConfig(mount);
        }

        using SafeFd root = OpenLowerRoot(path);
        ConfigFile file = new(root);
        ConfigStatus found = file.Read(out UnverifiedConfig? unverified);
        return unverified ?? throw VolumeErrors.Of(found, file.Error, path);
    }

    /// <summary>The lower directory, absolute and without links, of a lower directory or a mount point.</summary>
    public static string PlaceOf(string path) => MountAt(path)?.Lower ?? OurMount.Canonical(path);

    /// <summary>The mount of ours that covers a path; null where the path is not a mount point.</summary>
    public static OurMount? MountAt(string path)
    {
        string canonical = OurMount.Canonical(path);
        return OurMount.Containing(canonical) is { } mount && mount.Mountpoint == canonical ? mount : null;
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

    private static UnverifiedConfig ReadConfig(OurMount mount)
    {
        using JsonDocument answer = StatusClient.Ask(mount, StatusRequests.Config) ?? throw new CommandException(
            ExitCode.Failure, $"{mount.Mountpoint}: the process that serves it does not answer", "name the lower directory instead");
        byte[] file = answer.RootElement.TryGetProperty("config", out JsonElement config) ? config.GetBytesFromBase64() : [];
        UnverifiedConfig? unverified = null;
        ConfigStatus found = file.Length == 0 ? ConfigStatus.Missing : UnverifiedConfig.TryParse(file, out unverified);
        return unverified ?? throw VolumeErrors.Of(found, Errno.None, mount.Lower);
    }

    /// <summary>Opens a volume with the first key that fits.</summary>
    /// <param name="unverified">Its configuration, of the volume that is wanted.</param>
    /// <param name="specs">Key specifications, tried in order.</param>
    /// <param name="lower">The lower directory, for questions and errors.</param>
    /// <param name="kind">The slot's type; None for a key that the keyring held.</param>
    /// <returns>The volume, with a key of this process's own; the caller disposes it.</returns>
    /// <exception cref="CommandException">None of them opens it.</exception>
    public static Volume Unlock(
        UnverifiedConfig unverified, IReadOnlyList<KeySpec> specs, string lower, out SlotType kind)
    {
        UnlockStatus last = UnlockStatus.NoSuchSlot;
        bool askedKeyring = false;
        foreach (KeySpec spec in specs)
        {
            if (spec is KeySpec.Keyring keyring)
            {
                askedKeyring = true;
                if (TryAdopt(unverified, keyring, lower) is { } held)
                {
                    kind = SlotType.None;
                    return held;
                }

                continue;
            }

            using IKeySource key = KeyReader.ForOpening(spec, lower);
            VolumeStatus status = Volume.Unlock(unverified, key, out Volume? volume);
            if (volume is not null)
            {
                kind = key.Type;
                return volume;
            }

            if (status.Config != ConfigStatus.Ok)
            {
                throw VolumeErrors.Of(status.Config, Errno.None, lower);
            }

            last = status.Key == UnlockStatus.WrongKey ? status.Key : last;
        }

        throw askedKeyring && last == UnlockStatus.NoSuchSlot ? KeyringService.NotHeld(lower) : VolumeErrors.Of(last, lower);
    }

    /// <summary>Opens a volume with a copy of the key that the keyring holds; null where it holds none.</summary>
    private static Volume? TryAdopt(UnverifiedConfig unverified, KeySpec.Keyring spec, string lower)
    {
        if ((spec.Signature is { } wanted && wanted != unverified.ClaimedId.Signature)
            || KeyringService.Borrow(unverified.ClaimedId) is not { } lease)
        {
            return null;
        }

        ConfigStatus status = Volume.Adopt(unverified, lease, out Volume? volume);
        return volume ?? throw VolumeErrors.Of(status, Errno.None, lower);
    }
}
