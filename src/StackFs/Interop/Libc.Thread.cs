using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>
/// What a thread may have of its own on Linux: filesystem user and group, capabilities, umask. A worker thread takes on
/// its caller's identity with these; other threads of the process are not touched.
/// </content>
internal static unsafe partial class Libc
{
    private const int CloneFs = 0x200;
    private const uint CapabilityVersion3 = 0x20080522;

    [LibraryImport("libc")]
    private static partial int setfsuid(uint uid);

    [LibraryImport("libc")]
    private static partial int setfsgid(uint gid);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int capget(CapabilityHeader* header, CapabilitySets* sets);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int capset(CapabilityHeader* header, CapabilitySets* sets);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    /// <summary>The process's effective user.</summary>
    internal static uint EffectiveUser => geteuid();

    /// <summary>The process's effective group.</summary>
    internal static uint EffectiveGroup => getegid();

    /// <summary>
    /// setfsuid(2) for this thread. It reports no error, so the wrapper asks again: EPERM when it did not take.
    /// Leaving user 0 takes the filesystem capabilities away; see <see cref="SetCapabilities"/>.
    /// </summary>
    internal static Errno SetFilesystemUser(uint user)
    {
        _ = setfsuid(user);
        return (uint)setfsuid(uint.MaxValue) == user ? Errno.None : Errno.EPERM;
    }

    /// <summary>setfsgid(2) for this thread; EPERM when it did not take.</summary>
    internal static Errno SetFilesystemGroup(uint group)
    {
        _ = setfsgid(group);
        return (uint)setfsgid(uint.MaxValue) == group ? Errno.None : Errno.EPERM;
    }

    /// <summary>capget(2) of this thread.</summary>
    internal static Errno GetCapabilities(out CapabilitySets sets)
    {
        CapabilityHeader header = new() { Version = CapabilityVersion3 };
        fixed (CapabilitySets* pointer = &sets)
        {
            return Result(capget(&header, pointer));
        }
    }

    /// <summary>capset(2) for this thread.</summary>
    internal static Errno SetCapabilities(in CapabilitySets sets)
    {
        CapabilityHeader header = new() { Version = CapabilityVersion3 };
        fixed (CapabilitySets* pointer = &sets)
        {
            return Result(capset(&header, pointer));
        }
    }

    /// <summary>unshare(2) CLONE_FS: from now on this thread has a umask of its own. Needs no privilege.</summary>
    internal static Errno UnshareFilesystemContext() => Result(unshare(CloneFs));

    /// <summary>umask(2); of this thread alone after <see cref="UnshareFilesystemContext"/>.</summary>
    /// <returns>The former mask.</returns>
    internal static uint SetUmask(uint mask) => umask(mask);

    /// <summary>linux/capability.h, struct __user_cap_header_struct.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CapabilityHeader
    {
        /// <summary>_LINUX_CAPABILITY_VERSION_3.</summary>
        internal uint Version;

        /// <summary>0: the calling thread.</summary>
        internal int Process;
    }
}

/// <summary>linux/capability.h, two of struct __user_cap_data_struct: capabilities 0-31, then 32-63.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CapabilitySets
{
    /// <summary>Effective, 0-31.</summary>
    internal uint EffectiveLow;

    /// <summary>Permitted, 0-31.</summary>
    internal uint PermittedLow;

    /// <summary>Inheritable, 0-31.</summary>
    internal uint InheritableLow;

    /// <summary>Effective, 32-63.</summary>
    internal uint EffectiveHigh;

    /// <summary>Permitted, 32-63.</summary>
    internal uint PermittedHigh;

    /// <summary>Inheritable, 32-63.</summary>
    internal uint InheritableHigh;

    // linux/capability.h: CAP_SETGID, CAP_SETUID.
    private const uint SetIdentity = (1u << 6) | (1u << 7);

    /// <summary>True when the thread may take on any filesystem user and group.</summary>
    internal readonly bool MaySetIdentity => (EffectiveLow & SetIdentity) == SetIdentity;
}
