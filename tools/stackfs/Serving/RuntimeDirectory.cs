using System.Globalization;
using StackFs.Cli.Interop;

namespace StackFs.Cli.Serving;

/// <summary>
/// Where a user's mounts keep their status sockets: /run/stackfs for root, <c>$XDG_RUNTIME_DIR/stackfs</c> (usually
/// below /run/user) for others.
/// </summary>
internal static class RuntimeDirectory
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The calling user's directory; null when the system offers no place that is theirs alone.</summary>
    public static string? Own()
    {
        uint user = Posix.EffectiveUser;
        if (user == 0)
        {
            return Of(0);
        }

        string? session = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return session is not null && Path.IsPathRooted(session) && Directory.Exists(session)
            ? Path.Combine(session, "stackfs")
            : Directory.Exists(SessionOf(user)) ? Of(user) : null;
    }

    /// <summary>Where the mounts of <paramref name="user"/> are expected, for a caller who is not that user.</summary>
    public static string Of(uint user) => user == 0 ? "/run/stackfs" : Path.Combine(SessionOf(user), "stackfs");

    /// <summary>The socket of the mount with this device number in that directory.</summary>
    public static string SocketPath(string directory, string device) =>
        Path.Combine(directory, $"mount-{device.Replace(':', '-')}.sock");

    /// <summary>Makes the directory, with access for its owner alone.</summary>
    public static void Create(string directory) => Directory.CreateDirectory(directory, Private);

    private static string SessionOf(uint user) => string.Create(CultureInfo.InvariantCulture, $"/run/user/{user}");
}
