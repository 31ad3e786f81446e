using System.Text;
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

    /// <summary>
    /// For the environment of the keyring daemon, which holds little and lives long: with <see cref="NoDiagnostics"/> a
    /// collected heap of 32 MiB at most, of which the youngest generation takes 256 KiB (both in hexadecimal).
    /// </summary>
    public static ReadOnlySpan<string> ForDaemon => DaemonSettings;

    private static readonly string[] DaemonSettings =
        [NoDiagnostics, "DOTNET_GCHeapHardLimit=2000000", "DOTNET_GCgen0size=40000"];

    /// <summary>
    /// Executes this program again, in this process, unless its environment has these settings already.
    /// </summary>
    /// <param name="settings">Each <c>NAME=value</c>.</param>
    public static void Ensure(ReadOnlySpan<string> settings)
    {
        bool missing = false;
        foreach (string setting in settings)
        {
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            string name = setting[..equals];
            string value = setting[(equals + 1)..];
            if (Environment.GetEnvironmentVariable(name) == value)
            {
                continue;
            }

            missing = true;
            Errno errno = Posix.SetEnvironment(Encoding.ASCII.GetBytes(name + '\0'), Encoding.ASCII.GetBytes(value + '\0'));
            if (errno != Errno.None)
            {
                throw new CommandException(ExitCode.Failure, $"{name} cannot be set: {ErrnoText.Of(errno)}");
            }
        }

        if (missing)
        {
            ExecuteAgain();
        }
    }

    private static void ExecuteAgain()
    {
        foreach (string socket in Directory.EnumerateFiles(Path.GetTempPath(), $"dotnet-diagnostic-{Environment.ProcessId}-*-socket"))
        {
            try
            {
                File.Delete(socket); // The runtime removes it at exit, and execve(2) is none.
            }
            catch (UnauthorizedAccessException)
            {
                // Another user's, who had this process number before: it stays theirs.
            }
        }

        Errno errno = Posix.ExecuteSelfAgain(File.ReadAllBytes("/proc/self/cmdline"));
        throw new CommandException(ExitCode.Failure, $"{Environment.ProcessPath}: {ErrnoText.Of(errno)}");
    }
}
