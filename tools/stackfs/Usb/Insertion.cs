using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Usb;

/// <summary>
/// What an inserted stick does: its key is read, the stick let go of, each volume's key put into the keyring, and what is
/// not mounted yet mounted. A volume that cannot be opened keeps no other from it.
/// </summary>
internal static class Insertion
{
    /// <summary>Opens what the stick on a device opens; nothing, where it is nobody's.</summary>
    /// <param name="device">The block device, by path or by the kernel's name.</param>
    /// <param name="log">Gets one line for each volume.</param>
    /// <returns>
    /// Success where a volume is open, or where the stick has none; else what kept the last one shut.
    /// </returns>
    public static ExitCode Run(string device, UsbLog log)
    {
        StickIdentity stick = Stick.Identify(device);
        List<AutomountFile> files = [.. AutomountDirectory.Read().Where(f => f.Stick.FilesystemUuid == stick.FilesystemUuid)];
        if (files.Count == 0)
        {
            return ExitCode.Success;
        }

        // The volume key is in this process for a moment; what fails here, the keyring daemon refuses.
        _ = ProcessHardening.Apply();
        using IDisposable held = InsertedSticks.Lock();
        ExitCode failure = ExitCode.Success;
        bool opened = false;
        foreach (AutomountFile file in files)
        {
            ExitCode code = Open(device, stick, file, log, out bool any);
            opened |= any;
            failure = code == ExitCode.Success ? failure : code;
        }

        return opened ? ExitCode.Success : failure;
    }

    private static ExitCode Open(string device, StickIdentity stick, AutomountFile file, UsbLog log, out bool opened)
    {
        opened = false;
        ExitCode failure = ExitCode.Success;
        try
        {
            if (file.Stick.DifferenceOf(stick) is string difference)
            {
                throw new CommandException(ExitCode.VolumeNotTrusted, $"{device} says that it is this stick, but has {difference}");
            }

            string name = Stick.KernelName(device);
            using IKeySource key = StickMount.Use(
                Path.Combine("/dev", name), stick.Filesystem, writable: false, top => KeyOnStick.Read(top, file.KeyFile, file.KeyIsPem));
            foreach (StickVolume volume in file.Volumes)
            {
                ExitCode code = Attempt(file, log, () => OpenVolume(file, volume, key, log));
                opened |= code == ExitCode.Success;
                failure = code == ExitCode.Success ? failure : code;
            }

            if (opened)
            {
                InsertedSticks.Add(name, file);
            }
        }
        catch (CommandException error)
        {
            log.Write($"{file.Name}: {error.Message}");
            failure = error.Code;
        }

        return failure;
    }

    private static ExitCode Attempt(AutomountFile file, UsbLog log, Func<ExitCode> work)
    {
        try
        {
            return work();
        }
        catch (CommandException error)
        {
            log.Write($"{file.Name}: {error.Message}");
            return error.Code;
        }
    }

    private static ExitCode OpenVolume(AutomountFile file, StickVolume volume, IKeySource key, UsbLog log)
    {
        if (!Directory.Exists(volume.Mountpoint) && OurMount.Find(volume.Mountpoint) is null)
        {
            throw new CommandException(ExitCode.NotFound, $"{volume.Mountpoint}: no such directory, to show {volume.Lower} in");
        }

        LendKey(volume, key);
        string lower = OurMount.Canonical(volume.Lower);
        string mountpoint = OurMount.Canonical(volume.Mountpoint);
        if (OurMount.All().Any(m => m.Mountpoint == mountpoint && m.Lower == lower))
        {
            log.Write($"{file.Name}: {volume.Mountpoint} is open again");
            return ExitCode.Success;
        }

        // The serving process tells by itself why it cannot mount.
        string options = $"sig={volume.Signature},key=keyring:{volume.Signature}";
        options = volume.Options.Length == 0 ? options : $"{options},{volume.Options}";
        ExitCode code = Launcher.Launch(new MountRequest(
            lower, mountpoint, options, Foreground: false, Sloppy: false, Verbose: false, Messages.CalledAs));
        log.Write(code == ExitCode.Success
            ? $"{file.Name}: {volume.Lower} is open at {volume.Mountpoint}"
            : $"{file.Name}: {volume.Lower} could not be mounted at {volume.Mountpoint} ({code})");
        return code;
    }

    /// <summary>Opens the volume's key with the stick's, and has the keyring hold it.</summary>
    private static void LendKey(StickVolume volume, IKeySource key)
    {
        using SafeFd root = VolumeOpener.OpenLowerRoot(volume.Lower);
        ConfigFile config = new(root);
        ConfigStatus found = config.Read(out UnverifiedConfig? unverified);
        if (unverified is null)
        {
            throw VolumeErrors.Of(found, config.Error, volume.Lower);
        }

        if (unverified.ClaimedId.Signature != volume.Signature)
        {
            throw new CommandException(
                ExitCode.VolumeNotTrusted,
                $"{volume.Lower}: holds the volume {unverified.ClaimedId.Signature}, not {volume.Signature}, for which the stick was enrolled");
        }

        UnlockStatus status = unverified.Unlock(key, out LocalVolumeKeyLease? lease);
        using (lease)
        {
            if (lease is null)
            {
                throw new CommandException(VolumeErrors.Of(status, volume.Lower).Code, $"{volume.Lower}: the key on the stick does not open it");
            }

            SlotType kind = key is PassphraseKey ? SlotType.Passphrase : SlotType.PublicKey;
            using KeyringClient keyring = KeyringService.Connect();
            KeyringService.Check(keyring.Add(lease, kind, volume.Lower, lifetime: 0, idle: 0, out _), volume.Lower);
        }
    }
}
