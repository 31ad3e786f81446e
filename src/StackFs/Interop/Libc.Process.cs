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

    // What is asked for where the hard limit can be moved: as much as Linux allows by default (fs.nr_open).
    private const ulong OpenFilesWanted = 1 << 20;

    /// <summary>
    /// Raises the limit on open files as far as it goes: to a million with CAP_SYS_RESOURCE, else to the hard limit.
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

        foreach (ulong wanted in (ReadOnlySpan<ulong>)[Math.Max(OpenFilesWanted, current.Hard), current.Hard])
        {
            ResourceLimit raised = new() { Soft = wanted, Hard = Math.Max(wanted, current.Hard) };
            if (setrlimit(OpenFilesLimit, &raised) == 0)
            {
                current = raised;
                break;
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
