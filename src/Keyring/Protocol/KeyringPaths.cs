using System.Globalization;
using StackFs.Keyring.Interop;

namespace StackFs.Keyring.Protocol;

/// <summary>Where daemons listen (PROTOCOL.md, "Transport").</summary>
public static class KeyringPaths
{
    private const string SystemDirectory = "/run/stackfs";
    private const string SocketName = "keyring.sock";

    /// <summary>Names another directory; for tests and for trying things out.</summary>
    private const string DirectoryVariable = "STACKFS_KEYRING_DIR";

    /// <summary>
    /// The system's directory for root, else <c>$XDG_RUNTIME_DIR/stackfs</c>, or that below <c>/run/user</c> when the
    /// variable is not set; null where neither is.
    /// </summary>
    public static string? Directory
    {
        get
        {
            if (Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } named && Path.IsPathRooted(named))
            {
                return named;
            }

            uint user = Posix.EffectiveUser();
            if (user == 0)
            {
                return SystemDirectory;
            }

            string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            runtime = Path.IsPathRooted(runtime) ? runtime : string.Create(CultureInfo.InvariantCulture, $"/run/user/{user}");
            return System.IO.Directory.Exists(runtime) ? Path.Combine(runtime, "stackfs") : null;
        }
    }

    /// <summary>This user's socket; null when there is no directory for it.</summary>
    public static string? Socket => Directory is { } directory ? SocketIn(directory) : null;

    /// <summary>The socket in a directory.</summary>
    public static string SocketIn(string directory) => Path.Combine(directory, SocketName);
}
