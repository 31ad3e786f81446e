using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Limits of the process.</content>
internal static unsafe partial class Libc
{
    // asm-generic/resource.h: RLIMIT_NOFILE.
    private const int OpenFilesLimit = 7;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, ResourceLimit* limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, ResourceLimit* limit);

    /// <summary>
    /// Raises the soft limit on open files to the hard limit, which an unprivileged process cannot move.
    /// </summary>
    /// <param name="limit">The limit in force afterwards.</param>
    internal static Errno RaiseOpenFilesLimit(out long limit)
    {
        limit = 0;
        ResourceLimit current;
        Errno error = Result(getrlimit(OpenFilesLimit, &current));
        if (error != Errno.None)
        {
            return error;
        }

        if (current.Soft < current.Hard)
        {
            ResourceLimit raised = new() { Soft = current.Hard, Hard = current.Hard };
            if (setrlimit(OpenFilesLimit, &raised) == 0)
            {
                current = raised;
            }
        }

        limit = (long)Math.Min(current.Soft, long.MaxValue);
        return Errno.None;
    }

    /// <summary>struct rlimit of a 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        /// <summary>rlim_cur.</summary>
        internal ulong Soft;

        /// <summary>rlim_max; <see cref="ulong.MaxValue"/> is unlimited.</summary>
        internal ulong Hard;
    }
}
