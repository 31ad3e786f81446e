using StackFs.Keyring.Interop;

namespace StackFs.Keyring.Protocol;

/// <summary>Where daemons listen (PROTOCOL.md, "Transport").</summary>
public static class KeyringPaths
{
    private const string SystemDirectory = "/run/stackfs";
    private const string SocketName = "keyring.sock";

    /// <summary>The system's directory for root, else <c>$XDG_RUNTIME_DIR/stackfs</c>; null when that is not set.</summary>
    public static string? Directory
    {
        get
        {
            if (Posix.EffectiveUser() == 0)
            {
                return SystemDirectory;
            }

            string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            return Path.IsPathRooted(runtime) ? Path.Combine(runtime, "stackfs") : null;
        }
    }

    /// <summary>This user's socket; null when there is no directory for it.</summary>
    public static string? Socket => Directory is { } directory ? SocketIn(directory) : null;

    /// <summary>The socket in a directory.</summary>
    public static string SocketIn(string directory) => Path.Combine(directory, SocketName);
}
