using System.Globalization;
using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// A mount in the tree and the device that its requests come from. Disposing it closes the device, with which the kernel
/// ends the connection, and leaves no dead mount behind.
/// </summary>
internal sealed class FuseMount : IDisposable
{
    private readonly bool _direct;
    private volatile bool _gone;

    private FuseMount(SafeFd device, string mountPoint, uint connection, bool direct)
    {
        Device = device;
        MountPoint = mountPoint;
        Connection = connection;
        _direct = direct;
    }

    /// <summary>The device; owned by this object.</summary>
    public SafeFd Device { get; }

    /// <summary>Absolute path without symbolic links.</summary>
    public string MountPoint { get; }

    /// <summary>
    /// The mount's device number (its major is zero): what <c>/sys/fs/fuse/connections</c> and <c>/sys/class/bdi</c>
    /// call it.
    /// </summary>
    public uint Connection { get; }

    /// <summary>Whether this mount is the one on top at its mount point.</summary>
    public bool IsMounted => !_gone && DeviceAt(MountPoint) == Connection;

    /// <summary>
    /// Mounts. From its return on the kernel holds back whoever uses the mount until <see cref="FuseSession.Run"/>
    /// answers, so whatever is needed from below the mount point is to be open already.
    /// </summary>
    /// <exception cref="FuseMountException">Why not, for people.</exception>
    public static FuseMount Create(FuseMountOptions options)
    {
        string mountPoint = ResolveMountPoint(options.MountPoint, out ulong covered);
        FuseMountOptions resolved = options with { MountPoint = mountPoint };
        bool direct = options.Direct ?? Libc.EffectiveUser == 0;
        SafeFd device = direct ? MountDirectly(resolved) : FuseHelper.Mount(resolved);
        if (DeviceAt(mountPoint) is not { } mounted || mounted == covered || mounted > uint.MaxValue)
        {
            device.Dispose();
            throw new FuseMountException(
                Errno.ENOENT, $"{mountPoint} was unmounted while it was being mounted; try again");
        }

        return new FuseMount(device, mountPoint, (uint)mounted, direct);
    }

    /// <summary>
    /// Unmounts what is on top at <paramref name="mountPoint"/>, whichever process serves it: mount(2)'s counterpart
    /// when we are root, fusermount3 otherwise.
    /// </summary>
    /// <param name="mountPoint">Path of the mount point; a dead one is fine.</param>
    /// <param name="lazy">Take it out of the tree now, end it when its last user is gone.</param>
    /// <param name="force">
    /// As root, abort the connection first, which frees who waits for a process that does not answer; what the kernel
    /// has not sent yet is lost.
    /// </param>
    /// <exception cref="FuseMountException">Why not, for people; EBUSY while it is in use.</exception>
    public static void Unmount(string mountPoint, bool lazy, bool force = false)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(mountPoint));
        UnmountFlags flags = UnmountFlags.NoFollow
            | (lazy ? UnmountFlags.Detach : UnmountFlags.None) | (force ? UnmountFlags.Force : UnmountFlags.None);
        Errno error = Libc.EffectiveUser == 0
            ? Libc.Unmount(path, flags)
            : UnmountThroughHelper(path, lazy);
        if (error != Errno.None)
        {
            throw new FuseMountException(error, UnmountMessage(path, error));
        }
    }

    /// <summary>Unmounts this mount, if it is still the one on top.</summary>
    /// <returns>EBUSY while it is in use; none also when it is gone already or covered by another mount.</returns>
    public Errno TryUnmount()
    {
        if (!IsMounted)
        {
            return Errno.None;
        }

        return _direct ? Libc.Unmount(MountPoint, UnmountFlags.NoFollow) : UnmountThroughHelper(MountPoint, lazy: false);
    }

    /// <summary>
    /// Ends the mount whoever uses it: takes it out of the tree and aborts the connection, so that all requests fail
    /// from now on. Data that the kernel did not send yet is lost.
    /// </summary>
    /// <returns>Whether the connection was aborted; otherwise it ends with this process.</returns>
    public bool Abort()
    {
        bool mounted = IsMounted;
        if (mounted && _direct)
        {
            const UnmountFlags flags = UnmountFlags.Force | UnmountFlags.Detach | UnmountFlags.NoFollow;
            return Libc.Unmount(MountPoint, flags) == Errno.None || AbortConnection();
        }

        if (mounted)
        {
            _ = UnmountThroughHelper(MountPoint, lazy: true); // What counts is whether the connection ends.
        }

        return AbortConnection();
    }

    /// <summary>
    /// The kernel said that the mount is gone. From now on what the mount table shows there is another one, even under
    /// the same number: the kernel gives it out again at once.
    /// </summary>
    public void MarkGone() => _gone = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (IsMounted)
        {
            _ = Abort(); // What is left when it fails is a dead mount, which the next one on it reports.
        }

        Device.Dispose();
    }

    /// <summary>
    /// The device number (major above 32 bits of minor) of what is on top at <paramref name="mountPoint"/>; null when it
    /// cannot be reached. Asks the kernel, not the mount: it may be one whose server does not answer yet, or no more. And
    /// not the mount table, of which a reader can miss lines while others mount and unmount.
    /// </summary>
    private static ulong? DeviceAt(string mountPoint)
    {
        Errno error = OpenDirectory(mountPoint, out SafeFd? directory);
        using (directory)
        {
            return error == Errno.None && Libc.StatxCached(directory!, out StatxBuffer status) == Errno.None
                ? status.Device
                : null;
        }
    }

    private static Errno OpenDirectory(string path, out SafeFd? directory) =>
        Libc.OpenPath(Encoding.UTF8.GetBytes(path), OpenFlags.Path | OpenFlags.Directory, out directory);

    private static string ResolveMountPoint(string path, out ulong covered)
    {
        covered = 0;
        Errno error = OpenDirectory(path, out SafeFd? directory);
        using (directory)
        {
            if (error == Errno.None)
            {
                error = Libc.Statx(directory!, default, out StatxBuffer status);
                covered = status.Device;
            }

            if (error != Errno.None)
            {
                throw new FuseMountException(error, MountPointMessage(path, error));
            }

            string link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory!.Number}");
            return new FileInfo(link).LinkTarget
                ?? throw new FuseMountException(Errno.ENOENT, $"cannot resolve {path}: is /proc mounted?");
        }
    }

    private static string MountPointMessage(string path, Errno error) => error switch
    {
        Errno.ENOTCONN => $"{path} is a mount whose process is gone; run 'umount {path}' or 'fusermount3 -u {path}' first",
        Errno.ENOENT => $"the mount point {path} does not exist; create it first",
        Errno.ENOTDIR => $"the mount point {path} is not a directory; give a directory",
        Errno.EACCES => $"the mount point {path} cannot be reached: permission denied; check the directories above it",
        _ => $"the mount point {path} cannot be used: {error}",
    };

    private static SafeFd MountDirectly(FuseMountOptions options)
    {
        Errno error = Libc.OpenFuseDevice(out SafeFd? device);
        if (error != Errno.None)
        {
            throw new FuseMountException(error, DeviceMessage(error));
        }

        error = Libc.Mount(
            options.Source,
            options.MountPoint,
            "fuse." + options.Subtype,
            options.Flags,
            MountOptionText.ForKernel(options, device!.Number, Libc.EffectiveUser, Libc.EffectiveGroup));
        if (error == Errno.None)
        {
            return device;
        }

        device.Dispose();
        throw new FuseMountException(error, error switch
        {
            Errno.EPERM => $"cannot mount on {options.MountPoint}: permission denied; this needs CAP_SYS_ADMIN",
            Errno.ENODEV => "the kernel has no FUSE; load it with 'modprobe fuse'",
            _ => $"cannot mount on {options.MountPoint}: {error}",
        });
    }

    private static string DeviceMessage(Errno error) => error switch
    {
        Errno.ENOENT or Errno.ENODEV or Errno.ENXIO => "/dev/fuse is missing; load FUSE with 'modprobe fuse'",
        Errno.EACCES or Errno.EPERM => "/dev/fuse cannot be opened: permission denied; mount as root or through fusermount3",
        _ => $"/dev/fuse cannot be opened: {error}",
    };

    private static Errno UnmountThroughHelper(string path, bool lazy)
    {
        if (FuseHelper.TryUnmount(path, lazy, out string message))
        {
            return Errno.None;
        }

        // The helper tells only in words; these two are strerror(3) in the C locale and its own message.
        return message.Contains("busy", StringComparison.OrdinalIgnoreCase) ? Errno.EBUSY
            : message.Contains("not found", StringComparison.Ordinal) ? Errno.EINVAL
            : Errno.EPERM;
    }

    private static string UnmountMessage(string path, Errno error) => error switch
    {
        Errno.EBUSY => $"{path} is in use; close what uses it (see 'fuser -vm {path}'), or use 'fusermount3 -uz {path}'",
        Errno.EINVAL => $"{path} is not a mount point",
        Errno.ENOENT => $"{path} does not exist",
        Errno.EPERM => $"{path} cannot be unmounted: permission denied; only who mounted it or root may",
        _ => $"{path} cannot be unmounted: {error}",
    };

    /// <summary>Through the control filesystem, whose files belong to who mounted; it need not be mounted.</summary>
    private bool AbortConnection()
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/sys/fs/fuse/connections/{Connection}/abort");
        Errno error = Libc.OpenPath(Encoding.ASCII.GetBytes(path), OpenFlags.WriteOnly, out SafeFd? abort);
        using (abort)
        {
            return error == Errno.None && Libc.WriteOnce(abort!, "1"u8) == Errno.None;
        }
    }
}
