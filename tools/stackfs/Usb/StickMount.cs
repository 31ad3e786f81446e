using System.Runtime.ExceptionServices;
using System.Text;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Usb;

/// <summary>
/// Mounts a stick for one moment where nobody else sees it: in a mount namespace of one thread's own, which takes the
/// mount with it when the thread ends, whatever happened.
/// </summary>
internal static class StickMount
{
    /// <summary>
    /// The filesystems that are mounted from a stick. A stick is made by whoever had it, and each filesystem is a parser
    /// in the kernel: a stick is mounted as the one that it was enrolled with, and as no other.
    /// </summary>
    public static readonly IReadOnlyList<string> Types = ["vfat", "exfat", "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"];

    private const MountFlags Careful = MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec | MountFlags.NoSymFollow | MountFlags.NoAtime;

    /// <summary>Mounts a stick, does something with it, and unmounts it.</summary>
    /// <param name="node">The block device.</param>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="writable">Mount it for writing; else nothing on it changes, not even its journal.</param>
    /// <param name="work">Gets the stick's top directory, which is closed when it returns.</param>
    /// <exception cref="CommandException">It cannot be mounted; or what <paramref name="work"/> throws.</exception>
    public static T Use<T>(string node, string type, bool writable, Func<SafeFd, T> work)
    {
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                result = OnThisThread(node, type, writable, work);
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        })
        { IsBackground = true, Name = "stick" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    private static T OnThisThread<T>(string node, string type, bool writable, Func<SafeFd, T> work)
    {
        string place = Path.Combine(KeyringService.Directory, "stick");
        RuntimeDirectory.Create(KeyringService.Directory);
        RuntimeDirectory.Create(place);
        Check(node, Libc.UnshareMounts());
        Check(node, Libc.Mount("none", "/", "none", MountFlags.Recursive | MountFlags.Private, string.Empty));
        Check(node, writable
            ? Libc.Mount(node, place, type, Careful, DataOf(type, writable: true))
            : MountReadOnly(node, place, type));
        try
        {
            Check(node, Libc.OpenPath(Encoding.UTF8.GetBytes(place), OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? top));
            using (top)
            {
                return work(top!);
            }
        }
        finally
        {
            // What fails here ends with the thread's namespace; a stick that was written to is flushed by it too.
            _ = Libc.Unmount(place, UnmountFlags.NoFollow);
        }
    }

    private static Errno MountReadOnly(string node, string place, string type)
    {
        Errno errno = Libc.Mount(node, place, type, Careful | MountFlags.ReadOnly, DataOf(type, writable: false));
        if (errno != Errno.EBUSY)
        {
            return errno;
        }

        // Somebody, such as the desktop, has mounted it for writing, and one device is one filesystem: only this mount of
        // it can be read-only then.
        errno = Libc.Mount(node, place, type, Careful, string.Empty);
        return errno == Errno.None
            ? Libc.Mount("none", place, "none", Careful | MountFlags.ReadOnly | MountFlags.Bind | MountFlags.Remount, string.Empty)
            : errno;
    }

    /// <summary>FAT has no owners: root's alone. The others would replay a journal, which writes.</summary>
    private static string DataOf(string type, bool writable) => type switch
    {
        "vfat" or "exfat" => "umask=077",
        "ext3" or "ext4" when !writable => "noload",
        "xfs" when !writable => "norecovery",
        "btrfs" when !writable => "rescue=nologreplay",
        "f2fs" when !writable => "norecovery",
        _ => string.Empty,
    };

    private static void Check(string node, Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new CommandException(
                errno == Errno.EPERM ? ExitCode.NotPermitted : ExitCode.Failure,
                $"{node}: cannot be mounted: {ErrnoText.Of(errno)}",
                errno switch
                {
                    Errno.EROFS => "it is write-protected",
                    Errno.ENODEV => "this kernel does not have its filesystem",
                    _ => "it may be damaged: dmesg says more",
                });
        }
    }
}
