using StackFs.Cli.Serving;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Keys;

/// <summary>
/// Opens a volume for a mount by way of the keyring: with the key that it holds, or with one that it then gets to hold. The
/// mount has a lease, which it gives back when it is asked to.
/// </summary>
internal static class KeyringMount
{
    private const string HowToAdd = "add it: stackfs keys add";

    /// <summary>Opens the volume in a lower directory.</summary>
    /// <param name="lower">The lower directory.</param>
    /// <param name="mountpoint">Where it will be mounted, for the keyring's lists.</param>
    /// <param name="keys">Key specifications, tried in order; none means what the keyring holds, else a question.</param>
    /// <param name="signature">The volume that is expected, or null for one that the user knows.</param>
    /// <param name="trustsNew">A volume never mounted before needs no confirmation.</param>
    /// <param name="holder">The mount.</param>
    /// <returns>The volume, which the caller disposes.</returns>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public static Volume Open(
        string lower, string mountpoint, IReadOnlyList<string> keys, string? signature, bool trustsNew, ILeaseHolder holder)
    {
        IReadOnlyList<KeySpec> specs = keys.Count == 0 ? [new KeySpec.Keyring(Signature: null)] : KeyReader.Parse(keys);
        UnverifiedConfig unverified = VolumeOpener.ReadConfig(lower);
        string place = OurMount.Canonical(lower);
        bool remember = Pinning.Confirm(unverified.ClaimedId, place, signature, trustsNew);
        Volume volume = Adopt(unverified, Lease(unverified, specs, lower, mountpoint, keys.Count == 0, holder), lower);
        if (remember)
        {
            Pinning.Remember(volume.Config.Id, place);
        }

        return volume;
    }

    private static KeyringLease Lease(
        UnverifiedConfig unverified, IReadOnlyList<KeySpec> specs, string lower, string mountpoint, bool asks, ILeaseHolder holder)
    {
        VolumeKeyId id = unverified.ClaimedId;
        foreach (KeySpec.Keyring spec in specs.OfType<KeySpec.Keyring>())
        {
            if (spec.Signature is { } named && named != id.Signature)
            {
                throw new CommandException(
                    ExitCode.VolumeNotTrusted, $"{lower}: holds the volume {id.Signature}, not {named} as the option key=keyring says");
            }

            if (Take(id, mountpoint, holder) is { } held)
            {
                return held;
            }
        }

        List<KeySpec> others = [.. specs.Where(spec => spec is not KeySpec.Keyring)];
        if (others.Count == 0 && !asks)
        {
            throw new CommandException(
                ExitCode.NoSuchKey, $"{lower}: the keyring does not hold its key, {id.Signature}", $"{HowToAdd} {lower}");
        }

        // A keyring that cannot be reached is told before anybody types a passphrase.
        using (KeyringService.Connect())
        {
        }

        using (Volume volume = VolumeOpener.Unlock(unverified, asks ? KeyReader.Parse([]) : others, lower, out SlotType kind))
        {
            using KeyringClient client = KeyringService.Connect();
            KeyringService.Check(
                client.Add((LocalVolumeKeyLease)volume.Lease, kind, OurMount.Canonical(lower), lifetime: 0, idle: 0, out _), lower);
        }

        return Take(id, mountpoint, holder) ??
            throw new CommandException(ExitCode.NoSuchKey, $"{lower}: its key was taken away meanwhile", $"{HowToAdd} {lower}");
    }

    /// <summary>A lease on a key that the keyring holds; null when it does not, or no daemon runs.</summary>
    private static KeyringLease? Take(VolumeKeyId id, string mountpoint, ILeaseHolder holder)
    {
        KeyringReply reply = KeyringLease.Take(KeyringService.Socket, id, mountpoint, holder, out KeyringLease? lease);
        if (lease is null && reply.Reason != RefusalReason.NoKey && !KeyringClient.IsAbsent(reply.Error))
        {
            KeyringService.Check(reply, id.Signature.ToString());
        }

        return lease;
    }

    private static Volume Adopt(UnverifiedConfig unverified, KeyringLease lease, string lower)
    {
        ConfigStatus status = Volume.Adopt(unverified, lease, out Volume? volume);
        return volume ?? throw VolumeErrors.Of(status, Errno.None, lower);
    }
}
