using System.CommandLine;
using System.Security.Cryptography;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Cli.Usb;
using StackFs.Keyring;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Commands;

/// <summary>
/// <c>stackfs usb enroll DEVICE LOWER:MOUNTPOINT... [--key KEYSPEC]</c>: a key on the stick, a slot for it in each volume,
/// and a file that says so. Each step finds done what an earlier run did, so that one that failed is simply run again.
/// </summary>
internal static class UsbEnroll
{
    private const int PassphraseBytes = 24;

    private sealed record Request(
        string Device, IReadOnlyList<string> Volumes, string[] Keys, string? Name, string? KeyFile, bool Pem, RemovalAction OnRemoval, string Options);

    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> device = new("DEVICE") { Description = "the block device with the stick's filesystem, as /dev/sdb1" };
        Argument<string[]> volumes = new("LOWER:MOUNTPOINT")
        {
            Description = "a volume and where it is shown when the stick is inserted; a colon in a path is written \\:",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string[]> keys = new("--key", "-k") { Description = "a key that opens the volumes now (default: asks)", HelpName = "KEYSPEC" };
        Option<string?> name = new("--name") { Description = "what to call the stick (default: its filesystem's UUID)", HelpName = "NAME" };
        Option<string?> keyFile = new("--key-file")
        {
            Description = "the key's path on the stick, made where it is not there (default: stackfs-NAME.pem or .pass)",
            HelpName = "PATH",
        };
        Option<string> kind = new("--kind") { Description = "pem, a private key, or passphrase", DefaultValueFactory = _ => "pem" };
        kind.AcceptOnlyFromAmong("pem", "passphrase");
        Option<string> onRemoval = new("--on-removal")
        {
            Description = "lock (the default), unmount or leave the volumes when the stick is pulled",
            DefaultValueFactory = _ => "lock",
        };
        onRemoval.AcceptOnlyFromAmong("lock", "unmount", "leave");
        Option<string> options = new("-o", "--options")
        {
            Description = "mount options (default: allow_other, since root mounts)",
            HelpName = "OPTIONS",
            DefaultValueFactory = _ => "allow_other",
        };
        Command command = new("enroll", "let a stick open volumes when it is inserted")
        {
            device, volumes, keys, name, keyFile, kind, onRemoval, options,
        };
        command.SetAction(result => (int)Run(new Request(
            result.GetRequiredValue(device),
            result.GetRequiredValue(volumes),
            result.GetValue(keys) ?? [],
            result.GetValue(name),
            result.GetValue(keyFile),
            result.GetRequiredValue(kind) == "pem",
            result.GetRequiredValue(onRemoval) switch
            {
                "lock" => RemovalAction.Lock,
                "unmount" => RemovalAction.Unmount,
                _ => RemovalAction.Leave,
            },
            result.GetRequiredValue(options))));
        return command;
    }

    private static ExitCode Run(Request request)
    {
        UsbCommand.RequireRoot();
        _ = ProcessHardening.Apply(); // What fails here, a mount refuses; enrolling is a matter of seconds.
        StickIdentity stick = Stick.Identify(request.Device);
        string name = request.Name ?? stick.FilesystemUuid.ToLowerInvariant();
        if (!AutomountDirectory.IsName(name))
        {
            throw new CommandException(
                ExitCode.Usage, $"--name {name}: not a name", "letters, digits, dots, dashes and underscores, at most 64 of them");
        }

        if (!StickMount.Types.Contains(stick.Filesystem))
        {
            throw new CommandException(
                ExitCode.Failure, $"{request.Device}: holds {stick.Filesystem}, which is not mounted from a stick",
                $"what is: {string.Join(", ", StickMount.Types)}");
        }

        string keyFile = request.KeyFile ?? $"stackfs-{name}.{(request.Pem ? "pem" : "pass")}";
        List<(string Lower, string Mountpoint)> places = [.. request.Volumes.Select(Split)];
        List<(string Lower, Volume Volume)> opened = [];
        try
        {
            // Whatever can be wrong with the volumes is found before the stick is written to.
            foreach ((string lower, string _) in places)
            {
                opened.Add((lower, VolumeOpener.Open(lower, request.Keys, signature: null, trustsNew: false)));
            }

            AutomountFile file = new(name, stick, keyFile, request.Pem, [.. opened.Zip(places, (o, p) =>
                new StickVolume(p.Lower, p.Mountpoint, o.Volume.Config.Id.Signature, request.Options))], request.OnRemoval);
            if (AutomountFile.Parse(name, file.Format()) is var again && (again.KeyFile != keyFile || !again.Volumes.SequenceEqual(file.Volumes)))
            {
                throw new CommandException(ExitCode.Usage, $"{name}: a path or an option begins or ends with a blank, or has a line end in it");
            }

            string node = Path.Combine("/dev", Stick.KernelName(request.Device));
            ISlotMaker key = StickMount.Use(node, stick.Filesystem, writable: true, top => KeyOn(top, request.Device, keyFile, request.Pem));
            using (key as IDisposable)
            {
                opened.ForEach(o => AddSlot(o.Lower, o.Volume, key));
            }

            AutomountDirectory.Write(file);
            Messages.Note($"{name}: opens {string.Join(", ", file.Volumes.Select(v => v.Mountpoint))} when it is inserted");
            return ExitCode.Success;
        }
        finally
        {
            opened.ForEach(o => o.Volume.Dispose());
        }
    }

    private static ISlotMaker KeyOn(SafeFd top, string device, string keyFile, bool pem)
    {
        if (!KeyOnStick.Exists(top, keyFile))
        {
            string path = KeyOnStick.PathForWriting(top, keyFile, out SafeFd parent);
            using (parent)
            {
                WriteKey(path, device, keyFile, pem);
            }

            Messages.Note($"{device}: made the key {keyFile} on it; whoever has the stick has the volumes");
        }
        else
        {
            Messages.Note($"{device}: takes the key {keyFile} that is on it");
        }

        return KeyOnStick.ReadForSlot(top, keyFile, pem);
    }

    private static void WriteKey(string path, string device, string keyFile, bool pem)
    {
        try
        {
            if (pem)
            {
                using PrivateKey key = PemFile.Generate(SlotAlgorithm.X25519);
                Errno errno = PemFile.Write(path, key, passphrase: null);
                if (errno != Errno.None)
                {
                    throw new IOException(ErrnoText.Of(errno));
                }
            }
            else
            {
                WritePassphrase(path);
            }
        }
        catch (IOException error)
        {
            throw new CommandException(ExitCode.Failure, $"{device}: the key {keyFile} cannot be written: {error.Message}");
        }
    }

    /// <summary>Random bytes in hexadecimal, which never become a string.</summary>
    private static void WritePassphrase(string path)
    {
        using SecretBuffer passphrase = SecretBuffer.Allocate(PassphraseBytes * 2);
        passphrase.Fill(0, static (text, _) =>
        {
            Span<byte> random = text[PassphraseBytes..];
            RandomNumberGenerator.Fill(random);
            for (int i = 0; i < PassphraseBytes; i++)
            {
                byte value = random[i];
                text[2 * i] = Digit(value >> 4);
                text[(2 * i) + 1] = Digit(value & 15);
            }
        });
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using FileStream file = new(path, options);
        passphrase.Use(file, static (text, stream) => stream.Write(text));
        file.Flush(flushToDisk: true);
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'a' + value - 10);

    private static void AddSlot(string lower, Volume volume, ISlotMaker key)
    {
        using SafeFd root = VolumeOpener.OpenLowerRoot(lower);
        ConfigFile config = new(root);
        if (key is IKeySource source && config.Read(out UnverifiedConfig? unverified) == ConfigStatus.Ok
            && unverified!.Unlock(source, out LocalVolumeKeyLease? lease) == UnlockStatus.Unlocked)
        {
            lease!.Dispose(); // An earlier run made the slot.
            return;
        }

        SlotEditResult result = SlotEditor.Add(config, volume.Lease, volume.Config, key, out _);
        if (!result.IsOk && result.Status != SlotEditStatus.AlreadyThere)
        {
            throw result.Status == SlotEditStatus.ConfigFailed
                ? VolumeErrors.Of(result.Config, config.Error, lower)
                : new CommandException(
                    ExitCode.Failure, $"{lower}: has no room for another key", "remove one: stackfs slots list, stackfs slots remove");
        }
    }

    private static (string Lower, string Mountpoint) Split(string text)
    {
        string[] parts = text.Replace("\\:", "\0", StringComparison.Ordinal).Split(':');
        if (parts.Length != 2 || parts.Any(p => p.Length == 0))
        {
            throw new CommandException(
                ExitCode.Usage, $"{text}: not of the form LOWER:MOUNTPOINT", "a colon within a path is written \\:");
        }

        string lower = OurMount.Canonical(parts[0].Replace('\0', ':'));
        string mountpoint = OurMount.Canonical(parts[1].Replace('\0', ':'));
        return Directory.Exists(mountpoint) || OurMount.Find(mountpoint) is not null
            ? (lower, mountpoint)
            : throw new CommandException(
                ExitCode.NotFound, $"{mountpoint}: no such directory (MOUNTPOINT)", $"make it first: mkdir -p {mountpoint}");
    }
}
