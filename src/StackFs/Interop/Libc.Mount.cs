using System.Runtime.InteropServices;
using System.Text;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>mount(2), umount2(2) and unshare(2). None is retried: none fails with EINTR.</content>
internal static unsafe partial class Libc
{
    [LibraryImport("libc", SetLastError = true)]
    private static partial int mount(byte* source, byte* target, byte* filesystemtype, nuint mountflags, byte* data);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int umount2(byte* target, int flags);

    // linux/sched.h: CLONE_NEWNS.
    private const int NewMountNamespace = 0x20000;

    /// <summary>
    /// unshare(2): gives the calling thread, and it alone, a mount namespace of its own, which ends with the thread;
    /// needs CAP_SYS_ADMIN.
    /// </summary>
    internal static Errno UnshareMounts() => Result(unshare(NewMountNamespace));

    /// <summary>Mounts a filesystem of type <paramref name="type"/>; needs CAP_SYS_ADMIN.</summary>
    /// <param name="source">What the mount table shows as the source.</param>
    /// <param name="target">Path of the mount point.</param>
    /// <param name="type">Filesystem type, with its subtype behind a dot.</param>
    /// <param name="flags">Options the VFS knows.</param>
    /// <param name="data">The filesystem's own options, with commas between.</param>
    internal static Errno Mount(string source, string target, string type, MountFlags flags, string data)
    {
        fixed (byte* sourceBytes = Terminated(source))
        fixed (byte* targetBytes = Terminated(target))
        fixed (byte* typeBytes = Terminated(type))
        fixed (byte* dataBytes = Terminated(data))
        {
            return Result(mount(sourceBytes, targetBytes, typeBytes, (nuint)flags, dataBytes));
        }
    }

    /// <summary>Unmounts what is on top at <paramref name="target"/>; needs CAP_SYS_ADMIN.</summary>
    /// <returns>EBUSY while something there is in use, EINVAL where nothing is mounted.</returns>
    internal static Errno Unmount(string target, UnmountFlags flags)
    {
        fixed (byte* targetBytes = Terminated(target))
        {
            return Result(umount2(targetBytes, (int)flags));
        }
    }

    /// <summary>UTF-8 with a NUL at the end.</summary>
    private static byte[] Terminated(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
