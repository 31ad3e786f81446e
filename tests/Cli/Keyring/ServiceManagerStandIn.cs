using System.Net.Sockets;
using System.Text;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Cli.Keyring;

/// <summary>Plays the part of systemd: listens for the daemon, hears what it notifies, keeps the descriptors that it sends.</summary>
internal sealed class ServiceManagerStandIn : IDisposable
{
    private readonly DaemonProcess _daemon;
    private readonly Socket _notify = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly SafeFd _listener;

    public ServiceManagerStandIn(DaemonProcess daemon)
    {
        _daemon = daemon;
        _notify.Bind(new UnixDomainSocketEndPoint(NotifyPath));
        Assert.Equal(Errno.None, Posix.Listen(daemon.Socket, 64, out _listener));
    }

    /// <summary>The descriptor store: FDNAME and descriptor.</summary>
    public Dictionary<string, SafeFd> Store { get; } = [];

    private string NotifyPath => Path.Combine(_daemon.Directory, "notify");

    /// <summary>Starts the daemon with the socket and what is in the store, and waits for READY=1.</summary>
    public void Start()
    {
        _daemon.StartActivated(NotifyPath, [("keyring.socket", _listener), .. Store.Select(kept => (kept.Key, kept.Value))]);
        HearUntil("READY=1");
    }

    /// <summary>Takes messages until one begins with this line.</summary>
    public void HearUntil(string line)
    {
        using SafeFd socket = new(Mono.Unix.Native.Syscall.dup((int)_notify.Handle));
        while (true)
        {
            Assert.True(_notify.Poll(TimeSpan.FromSeconds(20), SelectMode.SelectRead), $"the daemon does not say {line}");
            byte[] buffer = new byte[512];
            Assert.Equal(Errno.None, Posix.Receive(socket, buffer, out int length, out SafeFd? attached));
            string[] lines = Encoding.UTF8.GetString(buffer, 0, length).Split('\n');
            string? name = lines.FirstOrDefault(l => l.StartsWith("FDNAME=", StringComparison.Ordinal))?["FDNAME=".Length..];
            if (lines.Contains("FDSTOREREMOVE=1") && Store.Remove(name!, out SafeFd? removed))
            {
                removed.Dispose();
            }
            else if (lines.Contains("FDSTORE=1"))
            {
                Store.Add(name!, attached!);
                attached = null;
            }

            attached?.Dispose();
            if (lines[0] == line)
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        _notify.Dispose();
        _listener.Dispose();
        foreach (SafeFd kept in Store.Values)
        {
            kept.Dispose();
        }
    }
}
