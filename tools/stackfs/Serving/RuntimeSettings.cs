using StackFs.Cli.Interop;
using StackFs.Cli.Output;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Serving;

/// <summary>
/// Settings of the .NET runtime that a process which holds keys needs, and that only its environment can give.
/// </summary>
/// <remarks>
/// The runtime's diagnostic port lets any process of the same user load code into this one. It is opened before Main, so
/// a process that finds it open starts itself again without.
/// </remarks>
internal static class RuntimeSettings
{
    /// <summary>For the environment of a process that will hold keys.</summary>
    public const string NoDiagnostics = "DOTNET_EnableDiagnostics=0";

    /// <summary>Executes this program again, in this process, unless it runs without a diagnostic port already.</summary>
    public static void EnsureNoDiagnostics()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") == "0")
        {
            return;
        }

        Errno errno = Posix.SetEnvironment("DOTNET_EnableDiagnostics\0"u8, "0\0"u8);
        if (errno != Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"DOTNET_EnableDiagnostics cannot be set: {ErrnoText.Of(errno)}");
        }

        foreach (string socket in Directory.EnumerateFiles(Path.GetTempPath(), $"dotnet-diagnostic-{Environment.ProcessId}-*-socket"))
        {
            File.Delete(socket); // The runtime removes it at exit, and execve(2) is none.
        }

        errno = Posix.ExecuteSelfAgain(File.ReadAllBytes("/proc/self/cmdline"));
        throw new CommandException(ExitCode.Failure, $"{Environment.ProcessPath}: {ErrnoText.Of(errno)}");
    }
}
