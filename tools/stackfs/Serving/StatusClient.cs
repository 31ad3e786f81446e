using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StackFs.Cli.Interop;

namespace StackFs.Cli.Serving;

/// <summary>Asks a mount's <see cref="StatusServer"/>.</summary>
internal static class StatusClient
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// One question to the process that serves <paramref name="mount"/>.
    /// </summary>
    /// <returns>Its answer, or null where no process answers or the caller may not ask it.</returns>
    public static JsonDocument? Ask(OurMount mount, string request)
    {
        foreach (string directory in Directories(mount))
        {
            string path = RuntimeDirectory.SocketPath(directory, mount.Device);
            try
            {
                using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.ReceiveTimeout = socket.SendTimeout = (int)Timeout.TotalMilliseconds;
                socket.Connect(new UnixDomainSocketEndPoint(path));
                socket.Send(Encoding.UTF8.GetBytes(request + '\n'));
                using NetworkStream stream = new(socket);
                return JsonDocument.Parse(stream);
            }
            catch (Exception error) when (error is SocketException or IOException or JsonException)
            {
                continue; // Not there, not ours to ask, or hung: the next place, else "no answer".
            }
        }

        return null;
    }

    private static IEnumerable<string> Directories(OurMount mount)
    {
        if (mount.UserId == Posix.EffectiveUser && RuntimeDirectory.Own() is string own)
        {
            yield return own;
        }

        yield return RuntimeDirectory.Of(mount.UserId);
    }
}
