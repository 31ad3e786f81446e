using System.Runtime.InteropServices;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Interop;

namespace StackFs.Keyring.Volumes;

/// <summary>
/// <c>stackfs.conf</c> in a lower root: reading it within bounds, and replacing it so that a crash leaves the old one
/// or the new one (CONFIG.md, "Writing").
/// </summary>
public sealed class ConfigFile
{
    private const uint PrivateMode = 0x180; // 0600
    private const uint PermissionBits = 0xfff;
    private const int LockTries = 50;
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(100);

    private readonly SafeFd _lowerRoot;

    /// <summary>Works in a lower root that stays the caller's.</summary>
    /// <param name="lowerRoot">An open directory, not O_PATH, so that it can be locked and fsynced.</param>
    public ConfigFile(SafeFd lowerRoot) => _lowerRoot = lowerRoot;

    /// <summary>The last error of the system, where a method answered <see cref="ConfigStatus.IoError"/>.</summary>
    public Errno Error { get; private set; }

    /// <summary>Opens a lower root by its path.</summary>
    public static Errno OpenLowerRoot(string path, out SafeFd lowerRoot) => Posix.OpenDirectory(path, out lowerRoot);

    /// <summary>Reads and parses the file.</summary>
    public ConfigStatus Read(out UnverifiedConfig? config)
    {
        config = null;
        ConfigStatus status = ReadBytes(out byte[] file);
        return status == ConfigStatus.Ok ? UnverifiedConfig.TryParse(file, out config) : status;
    }

    /// <summary>The file's bytes, of which nothing is known yet; null where it cannot be read.</summary>
    public byte[]? ReadBytes() => ReadBytes(out byte[] file) == ConfigStatus.Ok ? file : null;

    private ConfigStatus ReadBytes(out byte[] file)
    {
        file = [];
        Errno error = Posix.OpenForReading(_lowerRoot, VolumeConfig.FileName, out SafeFd fd);
        using (fd)
        {
            if (error is Errno.ENOENT)
            {
                return ConfigStatus.Missing;
            }

            if (error is Errno.ELOOP)
            {
                return ConfigStatus.NotAConfig;
            }

            if (error != Errno.None)
            {
                return Failed(error);
            }

            error = Posix.Status(fd, out Posix.FileStatus status);
            if (error != Errno.None)
            {
                return Failed(error);
            }

            if (!status.IsRegular)
            {
                return ConfigStatus.NotAConfig;
            }

            file = new byte[ConfigLayout.MaximumLength + 1];
            error = Posix.ReadToEnd(fd, file, out int length);
            file = file[..length];
            return error == Errno.None ? ConfigStatus.Ok : Failed(error);
        }
    }

    /// <summary>
    /// Writes the configuration of a new volume; <see cref="ConfigStatus.Exists"/> when the directory has one.
    /// </summary>
    /// <param name="lease">The volume's key, for the MAC.</param>
    /// <param name="config">Its generation is 1.</param>
    public ConfigStatus Create(IVolumeKeyLease lease, VolumeConfig config)
    {
        using SafeFd? held = Lock();
        ConfigStatus found = Read(out _);
        return found switch
        {
            ConfigStatus.Missing => Replace(lease, config),
            ConfigStatus.IoError => found,
            _ => ConfigStatus.Exists,
        };
    }

    /// <summary>
    /// Replaces the file by a changed configuration, whose generation becomes one more than that of
    /// <paramref name="config"/>; <see cref="ConfigStatus.ChangedMeanwhile"/> when the file has another generation than
    /// the one that <paramref name="config"/> was made from.
    /// </summary>
    public ConfigStatus Update(IVolumeKeyLease lease, VolumeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        using SafeFd? held = Lock();
        ConfigStatus status = Read(out UnverifiedConfig? unverified);
        VolumeConfig? current = null;
        if (unverified is not null)
        {
            status = unverified.Verify(lease, out current);
        }

        if (current is null)
        {
            return status;
        }

        return current.Generation == config.Generation
            ? Replace(lease, config with { Generation = config.Generation + 1 })
            : ConfigStatus.ChangedMeanwhile;
    }

    /// <summary>
    /// Writes the file whatever stands there: to rebuild one that was lost or damaged, from a file's header.
    /// </summary>
    public ConfigStatus Rebuild(IVolumeKeyLease lease, VolumeConfig config)
    {
        using SafeFd? held = Lock();
        return Replace(lease, config);
    }

    private ConfigStatus Replace(IVolumeKeyLease lease, VolumeConfig config)
    {
        ArgumentNullException.ThrowIfNull(lease);
        ArgumentNullException.ThrowIfNull(config);
        byte[]? file = config.Serialize(lease);
        if (file is null)
        {
            return ConfigStatus.KeyRevoked;
        }

        string temporary = TemporaryName();
        Errno error = Posix.CreateExclusive(_lowerRoot, temporary, PrivateMode, out SafeFd fd);
        using (fd)
        {
            if (error != Errno.None)
            {
                return Failed(error);
            }

            error = CopyOwnerAndMode(fd);
            error = error == Errno.None ? Posix.WriteAll(fd, file) : error;
            error = error == Errno.None ? Posix.Sync(fd) : error;
        }

        error = error == Errno.None ? Posix.Rename(_lowerRoot, temporary, VolumeConfig.FileName) : error;
        if (error != Errno.None)
        {
            _ = Posix.Unlink(_lowerRoot, temporary); // The first error is the one to report; readers ignore the rest.
            return Failed(error);
        }

        error = Posix.Sync(_lowerRoot);
        // EINVAL: a filesystem that cannot fsync a directory, such as some network ones, renames durably or not at all.
        return error is Errno.None or Errno.EINVAL ? ConfigStatus.Ok : Failed(error);
    }

    private Errno CopyOwnerAndMode(SafeFd target)
    {
        Errno error = Posix.OpenForReading(_lowerRoot, VolumeConfig.FileName, out SafeFd current);
        using (current)
        {
            if (error != Errno.None || Posix.Status(current, out Posix.FileStatus status) != Errno.None
                || !status.IsRegular)
            {
                return Errno.None; // None yet, or unreadable: the private mode stands.
            }

            // Root changing the slots of a user's volume leaves the file the user's. Nobody else can give files away,
            // and FAT and CIFS have neither owners nor modes.
            _ = Posix.SetOwner(target, status.User, status.Group);
            error = Posix.SetMode(target, status.Mode & PermissionBits);
            return error is Errno.EPERM or Errno.EOPNOTSUPP ? Errno.None : error;
        }
    }

    /// <summary>
    /// Locks the file itself; the lower root where there is none, which a mount that writes there has locked as well. Where
    /// the filesystem has no flock(2), or somebody sits on the lock, the generation still notices all but the narrowest
    /// races.
    /// </summary>
    private SafeFd? Lock()
    {
        for (int i = 0; i < LockTries; i++)
        {
            Errno error = Posix.OpenForReading(_lowerRoot, VolumeConfig.FileName, out SafeFd fd);
            bool isThere = error == Errno.None;
            if (!isThere)
            {
                fd.Dispose();
                error = Posix.OpenSelf(_lowerRoot, out fd);
            }

            error = error == Errno.None ? Posix.TryLockExclusive(fd) : error;
            if (error == Errno.None && (!isThere || IsCurrent(fd)))
            {
                return fd;
            }

            fd.Dispose();
            if (error == Errno.EAGAIN)
            {
                Thread.Sleep(LockPause);
            }
            else if (error != Errno.None)
            {
                return null;
            }
        }

        return null;
    }

    // Whoever had the lock before may have put another file in its place.
    private bool IsCurrent(SafeFd locked)
    {
        Errno error = Posix.OpenForReading(_lowerRoot, VolumeConfig.FileName, out SafeFd fd);
        using (fd)
        {
            return error == Errno.None
                && Posix.Status(fd, out Posix.FileStatus now) == Errno.None
                && Posix.Status(locked, out Posix.FileStatus then) == Errno.None
                && now.Inode == then.Inode; // In one directory, on one device.
        }
    }

    private static string TemporaryName()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomBytes.Fill(random);
        return VolumeConfig.TemporaryPrefix + MemoryMarshal.Read<ulong>(random).ToString(
            "x16", System.Globalization.CultureInfo.InvariantCulture);
    }

    private ConfigStatus Failed(Errno error)
    {
        Error = error;
        return ConfigStatus.IoError;
    }
}
