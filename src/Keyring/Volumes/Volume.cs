using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;

namespace StackFs.Keyring.Volumes;

/// <summary>The outcome of opening or making a volume.</summary>
/// <param name="Config">What the configuration was like.</param>
/// <param name="Key">What the key did; meaningful where <paramref name="Config"/> is Ok.</param>
public readonly record struct VolumeStatus(ConfigStatus Config, UnlockStatus Key)
{
    /// <summary>Whether the volume is open.</summary>
    public bool IsOk => Config == ConfigStatus.Ok && Key == UnlockStatus.Unlocked;
}

/// <summary>A volume whose key is at hand and whose configuration was verified with it.</summary>
public sealed class Volume : IDisposable
{
    private Volume(IVolumeKeyLease lease, VolumeConfig config)
    {
        Lease = lease;
        Config = config;
    }

    /// <summary>The key; disposed with this object.</summary>
    public IVolumeKeyLease Lease { get; }

    /// <summary>The verified configuration.</summary>
    public VolumeConfig Config { get; }

    /// <summary>
    /// Makes a new volume with a fresh key and writes its configuration. Fails without writing when the directory has one.
    /// </summary>
    /// <param name="file">The lower root's configuration file.</param>
    /// <param name="settings">What is decided for the volume.</param>
    /// <param name="makers">At least one way to open it again, one slot each; they stay the caller's.</param>
    /// <param name="volume">The open volume, which the caller disposes.</param>
    /// <returns><see cref="ConfigStatus.SlotsDoNotFit"/>, or as <see cref="ConfigFile.Create"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No maker.</exception>
    public static ConfigStatus Create(
        ConfigFile file, VolumeSettings settings, IReadOnlyCollection<ISlotMaker> makers, out Volume? volume)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(makers);
        ArgumentOutOfRangeException.ThrowIfZero(makers.Count, nameof(makers));
        volume = null;
        LocalVolumeKeyLease lease = LocalVolumeKeyLease.Create();
        try
        {
            VolumeConfig config = VolumeConfig.Create(lease, settings);
            foreach (ISlotMaker maker in makers)
            {
                if (SlotEditor.TryAdd(lease, config, maker, out VolumeConfig? larger) != SlotEditStatus.Ok)
                {
                    return ConfigStatus.SlotsDoNotFit;
                }

                config = larger!;
            }

            ConfigStatus status = file.Create(lease, config);
            if (status == ConfigStatus.Ok)
            {
                volume = new Volume(lease, config);
            }

            return status;
        }
        finally
        {
            if (volume is null)
            {
                lease.Dispose();
            }
        }
    }

    /// <summary>
    /// Opens a volume with a key. The caller has compared <see cref="UnverifiedConfig.ClaimedId"/> with the volume that
    /// it wants before.
    /// </summary>
    /// <param name="unverified">What <see cref="ConfigFile.Read"/> gave.</param>
    /// <param name="source">The key; stays the caller's.</param>
    /// <param name="volume">The open volume, which the caller disposes.</param>
    public static VolumeStatus Unlock(UnverifiedConfig unverified, IKeySource source, out Volume? volume)
    {
        ArgumentNullException.ThrowIfNull(unverified);
        volume = null;
        UnlockStatus unlocked = unverified.Unlock(source, out LocalVolumeKeyLease? lease);
        return lease is null
            ? new VolumeStatus(ConfigStatus.Ok, unlocked)
            : new VolumeStatus(Adopt(unverified, lease, out volume), unlocked);
    }

    /// <summary>Opens a volume whose key is held already; takes the lease, and disposes it unless this succeeds.</summary>
    public static ConfigStatus Adopt(UnverifiedConfig unverified, IVolumeKeyLease lease, out Volume? volume)
    {
        ArgumentNullException.ThrowIfNull(unverified);
        ArgumentNullException.ThrowIfNull(lease);
        ConfigStatus status = unverified.Verify(lease, out VolumeConfig? config);
        volume = config is null ? null : new Volume(lease, config);
        if (volume is null)
        {
            lease.Dispose();
        }

        return status;
    }

    /// <summary>Wipes or gives back the key.</summary>
    public void Dispose() => Lease.Dispose();
}
