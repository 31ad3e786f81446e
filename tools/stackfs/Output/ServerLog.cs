using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace StackFs.Cli.Output;

/// <summary>
/// Where a serving process tells what happens: standard error while somebody reads that, then the system's log. It keeps
/// the last lines for <c>stackfs status</c> too. Safe on any thread.
/// </summary>
internal sealed class ServerLog : IDisposable
{
    private const string SyslogSocket = "/dev/log";
    private const int DaemonWarning = (3 << 3) | 4; // LOG_DAEMON | LOG_WARNING of syslog(3)
    private const int LinesKept = 20;
    private const int LongestLine = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<string> _recent = new(LinesKept);
    private Socket? _syslog;
    private bool _detached;

    /// <summary>The last lines, oldest first, each with its time in UTC.</summary>
    public IReadOnlyList<string> Recent
    {
        get
        {
            lock (_gate)
            {
                return [.. _recent];
            }
        }
    }

    /// <summary>From now on standard error leads nowhere.</summary>
    public void Detach()
    {
        lock (_gate)
        {
            _detached = true;
        }
    }

    /// <summary>One line.</summary>
    public void Write(string line)
    {
        string text = line.Length > LongestLine ? line[..LongestLine] + "…" : line;
        lock (_gate)
        {
            if (_recent.Count == LinesKept)
            {
                _recent.Dequeue();
            }

            _recent.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ssZ} {text}"));
            if (_detached)
            {
                ToSyslog(text);
            }
            else
            {
                Messages.Warning(text);
            }
        }
    }

    /// <summary>Closes the way to the system's log.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _syslog?.Dispose();
            _syslog = null;
        }
    }

    private void ToSyslog(string text)
    {
        byte[] message = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"<{DaemonWarning}>stackfs[{Environment.ProcessId}]: {text}"));
        try
        {
            _syslog ??= Connect();
            _syslog.Send(message);
        }
        catch (SocketException)
        {
            // No log daemon, or it was restarted: the next line tries again, and `stackfs status` has this one.
            _syslog?.Dispose();
            _syslog = null;
        }
    }

    private static Socket Connect()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        socket.Connect(new UnixDomainSocketEndPoint(SyslogSocket));
        return socket;
    }
}
