using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>Resource limits and process attributes: getrlimit(2), setrlimit(2), prctl(2).</summary>
internal static unsafe partial class Posix
{
    /// <summary>RLIMIT_CORE of <c>asm-generic/resource.h</c>.</summary>
    internal const int RLIMIT_CORE = 4;

    /// <summary>RLIMIT_MEMLOCK of <c>asm-generic/resource.h</c>.</summary>
    internal const int RLIMIT_MEMLOCK = 8;

    private const int PR_GET_DUMPABLE = 3;
    private const int PR_SET_DUMPABLE = 4;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, ResourceLimit* limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, ResourceLimit* limit);

    // Variadic in the header; every option used here takes integers, which pass in the same registers.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint argument2, nint argument3, nint argument4, nint argument5);

    /// <summary>getrlimit(2).</summary>
    internal static Errno GetLimit(int resource, out ResourceLimit limit)
    {
        fixed (ResourceLimit* p = &limit)
        {
            return Check(getrlimit(resource, p));
        }
    }

    /// <summary>setrlimit(2): EPERM above the hard limit.</summary>
    internal static Errno SetLimit(int resource, ResourceLimit limit) => Check(setrlimit(resource, &limit));

    /// <summary>prctl(2), PR_SET_DUMPABLE 0: no core dumps, and no ptrace by the same user.</summary>
    internal static Errno SetNotDumpable() => Check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));

    /// <summary>prctl(2), PR_GET_DUMPABLE.</summary>
    internal static bool IsDumpable() => prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;

    /// <summary><c>struct rlimit</c> on 64-bit Linux; all bits set is RLIM_INFINITY.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        /// <summary>The limit in force.</summary>
        public ulong Soft;

        /// <summary>What the process may raise the soft limit to.</summary>
        public ulong Hard;
    }
}
