using System.Net.Sockets;
using System.Text;

namespace StackFs.Cli.Serving;

/// <summary>
/// Answers what <c>stackfs status</c> and <c>stackfs info</c> ask a mount: one request line in, one JSON document out,
/// closed. On a thread of its own, one connection at a time, so a client that stalls holds up other clients for
/// <see cref="ClientTimeout"/> and the mount not at all.
/// </summary>
/// <remarks>
/// Access is by the file system: the directory is its owner's alone (<see cref="RuntimeDirectory"/>). Nothing secret is
/// answered.
/// </remarks>
internal sealed class StatusServer : IDisposable
{
    /// <summary>A request is a word and a path.</summary>
    public const int MaxRequestLength = 16 * 1024;

    /// <summary>How long one client may take to send its line, and again to take the answer.</summary>
    public static readonly TimeSpan ClientTimeout = TimeSpan.FromSeconds(1);

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _path;
    private readonly Func<string, byte[]> _answer;
    private readonly Thread _thread;
    private volatile bool _disposed;

    /// <summary>Listens on <paramref name="path"/>, replacing a socket that an earlier mount left there.</summary>
    /// <param name="path">The socket; its directory exists.</param>
    /// <param name="answer">The JSON answer to a request line; called on the server's thread.</param>
    public StatusServer(string path, Func<string, byte[]> answer)
    {
        _path = path;
        _answer = answer;
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(8);
        _thread = new Thread(Serve, 256 * 1024) { IsBackground = true, Name = "status" };
        _thread.Start();
    }

    /// <summary>Stops listening and removes the socket.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        File.Delete(_path);
        _listener.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        while (!_disposed)
        {
            try
            {
                using Socket client = _listener.Accept();
                client.ReceiveTimeout = client.SendTimeout = (int)ClientTimeout.TotalMilliseconds;
                if (ReadLine(client) is string request)
                {
                    client.Send(_answer(request));
                }
            }
            catch (SocketException)
            {
                // A client that went away, or our own Dispose: the loop's condition tells them apart.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static string? ReadLine(Socket client)
    {
        byte[] buffer = new byte[MaxRequestLength];
        int length = 0;
        while (length < buffer.Length)
        {
            int count = client.Receive(buffer.AsSpan(length));
            if (count == 0)
            {
                return null;
            }

            length += count;
            if (buffer[length - 1] == (byte)'\n')
            {
                return Encoding.UTF8.GetString(buffer, 0, length - 1);
            }
        }

        return null;
    }
}
