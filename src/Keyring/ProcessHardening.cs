using StackFs.Keyring.Interop;

namespace StackFs.Keyring;

/// <summary>
/// Makes a process that will hold keys give none away: no core dump, no ptrace(2) and no /proc/PID/mem for other
/// processes of the same user.
/// </summary>
/// <remarks>
/// The .NET diagnostic port writes dumps on request of the same user and is not covered: it is switched off before the
/// process starts, with <c>DOTNET_EnableDiagnostics=0</c>.
/// </remarks>
public static class ProcessHardening
{
    /// <summary>Whether the diagnostic port was switched off when this process was started.</summary>
    public static bool DiagnosticsDisabled =>
        Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") == "0"
        || Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics_IPC") == "0";

    /// <summary>
    /// Applies prctl(PR_SET_DUMPABLE, 0), RLIMIT_CORE 0, and the highest RLIMIT_MEMLOCK allowed. To be called before the
    /// first key, in every process that gets one; again after changing user, which resets the first.
    /// </summary>
    /// <returns>The first error, which means that no key should be loaded.</returns>
    public static Errno Apply()
    {
        Errno error = Posix.SetNotDumpable();
        if (error == Errno.None)
        {
            error = Posix.SetLimit(Posix.RLIMIT_CORE, default);
        }

        if (Posix.GetLimit(Posix.RLIMIT_MEMLOCK, out Posix.ResourceLimit limit) == Errno.None)
        {
            _ = Posix.SetLimit(Posix.RLIMIT_MEMLOCK, limit with { Soft = limit.Hard }); // Secret memory says if it lacks.
        }

        return error;
    }
}
