using System.Text.Json;
using StackFs.Cli.Commands;
using StackFs.Cli.Keys;
using StackFs.Cli.Serving;
using StackFs.Keyring.Client;

namespace StackFs.Cli.Usb;

/// <summary>
/// What a stick that was pulled does to the volumes that it opened, but not to those that another stick, still in, opens
/// as well.
/// </summary>
internal static class Removal
{
    /// <summary>Does what the stick's file says; nothing, where it opened nothing.</summary>
    /// <param name="device">The block device that is gone, by path or by the kernel's name.</param>
    /// <param name="log">Gets one line for each volume.</param>
    public static ExitCode Run(string device, UsbLog log)
    {
        string name = Path.GetFileName(device);
        using IDisposable held = InsertedSticks.Lock();
        IReadOnlyList<AutomountFile> files = InsertedSticks.Of(name);
        HashSet<string> kept = [.. InsertedSticks.OfOthers(name).SelectMany(f => f.Volumes).Select(v => v.Lower)];
        InsertedSticks.Remove(name);
        ExitCode result = ExitCode.Success;
        foreach (AutomountFile file in files.Where(f => f.OnRemoval != RemovalAction.Leave))
        {
            foreach (StickVolume volume in file.Volumes.Where(v => !kept.Contains(v.Lower)))
            {
                try
                {
                    Close(file, volume, log);
                }
                catch (CommandException error)
                {
                    log.Write($"{file.Name}: {error.Message}");
                    result = error.Code;
                }
            }
        }

        return result;
    }

    private static void Close(AutomountFile file, StickVolume volume, UsbLog log)
    {
        string lower = OurMount.Canonical(volume.Lower);
        bool busy = false;
        bool open = false;
        bool unmounted = false;
        bool locks = file.OnRemoval == RemovalAction.Lock;
        foreach (OurMount mount in OurMount.All().Where(m => m.Lower == lower).Reverse())
        {
            bool lockable = HasKeyFromKeyring(mount);
            if (locks && lockable)
            {
                continue;
            }

            bool gone = TryUnmount(mount);
            unmounted |= gone;
            busy |= !gone;
            open |= !gone && !lockable;
        }

        int late = Drop(volume);
        string what = open ? "is in use, and stays open: its mount holds the key itself (nokeyring)"
            : busy ? "is in use, and locked instead of unmounted"
            : unmounted || !locks ? "is unmounted"
            : "is locked";
        log.Write(late == 0
            ? $"{file.Name}: {volume.Lower} {what}"
            : $"{file.Name}: {volume.Lower} {what}, but a mount did not give its key back in time");
    }

    /// <summary>Whether the mount lost its key when the keyring did.</summary>
    private static bool HasKeyFromKeyring(OurMount mount)
    {
        using JsonDocument? status = StatusClient.Ask(mount, StatusRequests.Status);
        return status is not null && status.RootElement.TryGetProperty("keySource", out JsonElement source)
            && source.GetString() == "keyring";
    }

    private static bool TryUnmount(OurMount mount)
    {
        try
        {
            UmountCommand.Run(mount.Mountpoint, lazy: false, force: false);
            return true;
        }
        catch (CommandException error) when (error.Code == ExitCode.Busy)
        {
            return false;
        }
    }

    /// <summary>Takes the volume's key out of the keyring, and so from its mounts.</summary>
    /// <returns>How many of them did not give it back in time.</returns>
    private static int Drop(StickVolume volume)
    {
        using KeyringClient? keyring = KeyringService.ConnectIfRunning();
        if (keyring is null)
        {
            return 0;
        }

        KeyringService.Check(keyring.List(out IReadOnlyList<KeyringEntry> entries), volume.Lower);
        int late = 0;
        foreach (KeyringEntry entry in entries.Where(e => e.Id.Signature == volume.Signature))
        {
            KeyringService.Check(keyring.Drop(entry.Id, ifUnused: false, out int notReturned), volume.Lower);
            late += notReturned;
        }

        return late;
    }
}
