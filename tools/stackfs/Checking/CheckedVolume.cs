using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;
using StackFs.Names;

namespace StackFs.Cli.Checking;

/// <summary>
/// A volume to be checked: opened by its configuration or, where that is lost or damaged, by the header of any of its files,
/// which repeats what is needed.
/// </summary>
internal sealed class CheckedVolume : IDisposable
{
    // So many files are looked at for a header that can be read.
    private const int MostFiles = 100_000;

    private readonly IDisposable _owned;
    private readonly IVolumeKeyLease _lease;

    private CheckedVolume(
        IDisposable owned, IVolumeKeyLease lease, VolumeConfig config, ConfigStatus found, NativeVolume volume, SecretBuffer namesKey)
    {
        _owned = owned;
        _lease = lease;
        Config = config;
        Found = found;
        Volume = volume;
        NamesKey = namesKey;
    }

    /// <summary>The configuration, as it is or as it is to be.</summary>
    internal VolumeConfig Config { get; }

    /// <summary>What the configuration in the lower directory was like.</summary>
    internal ConfigStatus Found { get; }

    /// <summary>Opens headers.</summary>
    internal NativeVolume Volume { get; }

    /// <summary>The SIV key of names.</summary>
    internal SecretBuffer NamesKey { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        NamesKey.Dispose();
        _owned.Dispose();
    }

    /// <summary>Writes the configuration anew, from what the volume was opened by.</summary>
    internal ConfigStatus Rebuild(ConfigFile file) => file.Rebuild(_lease, Config);

    /// <summary>Opens it.</summary>
    /// <param name="lower">The lower directory, absolute and without links.</param>
    /// <param name="keys">Key specifications, tried in order.</param>
    /// <param name="signature">The volume that is expected, or null for one that the user knows.</param>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    internal static CheckedVolume Open(string lower, IReadOnlyList<string> keys, string? signature)
    {
        ConfigStatus found;
        using (SafeFd root = VolumeOpener.OpenLowerRoot(lower))
        {
            ConfigFile file = new(root);
            found = file.Read(out _);
            if (found == ConfigStatus.IoError)
            {
                throw VolumeErrors.Of(found, file.Error, lower);
            }
        }

        if (found == ConfigStatus.Ok)
        {
            try
            {
                Volume volume = VolumeOpener.Open(lower, keys, signature, trustsNew: false);
                return Of(volume, volume.Lease, volume.Config, found);
            }
            catch (CommandException error) when (error.Code == ExitCode.Damaged)
            {
                found = ConfigStatus.TamperedWith; // Its slots open the volume; the rest is not to be believed.
            }
        }

        return OpenByHeader(lower, keys, signature, found);
    }

    private static CheckedVolume OpenByHeader(string lower, IReadOnlyList<string> keys, string? signature, ConfigStatus found)
    {
        byte[] page = FindHeader(lower, signature) ?? throw VolumeErrors.Of(found, Errno.None, lower);
        _ = NativeHeader.TryParse(page, out NativeHeader header); // It was parsed when it was found.
        _ = KeySlotSet.TryParse(header.SlotArea, out KeySlotSet? slots);
        VolumeKeyId id = new(header.VolumeKeyId);
        bool remember = Pinning.Confirm(id, lower, signature, trustsNew: false);
        Messages.Note($"{Path.Combine(lower, VolumeConfig.FileName)}: missing or damaged; the volume is opened by the header of one of its files");
        UnlockStatus last = UnlockStatus.NoSuchSlot;
        foreach (KeySpec spec in KeyReader.Parse(keys))
        {
            using IKeySource key = KeyReader.ForOpening(spec, lower);
            UnlockStatus status = slots!.TryOpen(key, id, out SecretBuffer? volumeKey);
            if (volumeKey is null)
            {
                last = status == UnlockStatus.WrongKey ? status : last;
                continue;
            }

            LocalVolumeKeyLease lease = new(volumeKey);
            if (new NativeVolume(lease, header.WrappedNamesKey, slots).Open(page, out _, out FileKeys? keysOfFile) != HeaderStatus.Ok)
            {
                lease.Dispose();
                throw new CommandException(ExitCode.Damaged, $"{lower}: neither the configuration nor the header found is whole");
            }

            keysOfFile!.Dispose();
            if (remember)
            {
                Pinning.Remember(id, lower);
            }

            VolumeConfig config = new()
            {
                Id = id,
                Settings = new VolumeSettings(NamesMode.Encrypted, FileFormat.Native),
                Slots = slots,
                PublicKeys = [],
                WrappedNameKey = [.. header.WrappedNamesKey],
                Generation = 1,
            };
            CheckedVolume volume = Of(lease, lease, config, found);
            return volume.HasEncryptedNames(lower)
                ? volume
                : new CheckedVolume(lease, lease, config with { Settings = new VolumeSettings(NamesMode.Plain, FileFormat.Native) }, found, volume.Volume, volume.NamesKey);
        }

        throw VolumeErrors.Of(last, lower);
    }

    private static CheckedVolume Of(IDisposable owned, IVolumeKeyLease lease, VolumeConfig config, ConfigStatus found)
    {
        if (!config.TryOpenNameKey(lease, out SecretBuffer? key))
        {
            owned.Dispose();
            throw VolumeErrors.Of(ConfigStatus.KeyRevoked, Errno.None, "the volume");
        }

        using (key)
        {
            return new CheckedVolume(
                owned, lease, config, found, new NativeVolume(lease, config.WrappedNameKey.AsSpan(), config.Slots), NameCipher.DeriveKey(key));
        }
    }

    // A name that decrypts was encrypted with this key; a volume of plain names has none.
    private bool HasEncryptedNames(string lower)
    {
        using NameCipher cipher = new(NamesKey);
        using EncryptedNames names = new(cipher);
        byte[] upper = new byte[LowerNames.MaxLength + 1];
        return Files(lower).Any(path => names.Decode(
            System.Text.Encoding.UTF8.GetBytes(Path.GetFileName(path)), inRoot: false, upper, out _)
                is LowerNameKind.Name or LowerNameKind.Long);
    }

    private static byte[]? FindHeader(string lower, string? signature)
    {
        byte[] page = new byte[NativeFormat.HeaderSize];
        foreach (string path in Files(lower))
        {
            if (Libc.OpenPath(
                System.Text.Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking, out SafeFd? fd) != Errno.None)
            {
                continue;
            }

            using (fd)
            {
                if (Libc.PReadFully(fd!, page, 0, out int count) == Errno.None
                    && NativeHeader.TryParse(page.AsSpan(0, count), out NativeHeader header) == HeaderStatus.Ok
                    && (signature is null || new VolumeKeyId(header.VolumeKeyId).Signature.ToString() == signature))
                {
                    return page;
                }
            }
        }

        return null;
    }

    private static IEnumerable<string> Files(string lower) => Directory.EnumerateFiles(
        lower, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Take(MostFiles);
}
