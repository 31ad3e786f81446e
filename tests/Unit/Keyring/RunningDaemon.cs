using StackFs.Keyring.Client;
using StackFs.Keyring.Daemon;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>A daemon on a thread of this process, on a real socket in a directory of its own.</summary>
internal sealed class RunningDaemon : IDisposable
{
    private readonly bool _ownsDirectory;
    private KeyringDaemon _daemon;
    private Thread _thread;

    internal RunningDaemon(double recallSeconds = 5, string? directory = null)
    {
        _ownsDirectory = directory is null;
        Directory = directory ?? System.IO.Directory.CreateTempSubdirectory("stackfs-keyring-").FullName;
        (_daemon, _thread) = Start(recallSeconds);
    }

    internal string Directory { get; }

    internal string Socket => KeyringPaths.SocketIn(Directory);

    internal bool IsRunning => _thread.IsAlive;

    public void Dispose()
    {
        Stop();
        if (_ownsDirectory)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    /// <summary>Ends the daemon, as an upgrade without a service manager does.</summary>
    internal void Stop()
    {
        _daemon.Stop();
        Assert.True(_thread.Join(TimeSpan.FromSeconds(10)));
        _daemon.Dispose();
    }

    /// <summary>Starts another in its place.</summary>
    internal void Restart() => (_daemon, _thread) = Start(5);

    internal KeyringClient Connect()
    {
        Assert.Equal(Errno.None, KeyringClient.Connect(Socket, out KeyringClient? client));
        return client!;
    }

    /// <summary>A connection without the client's manners, but for waiting while the daemon's queue is full.</summary>
    internal SafeFd ConnectRaw()
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        SafeFd fd;
        Errno error;
        while ((error = Posix.Connect(Socket, out fd)) == Errno.EAGAIN && DateTime.UtcNow < end)
        {
            fd.Dispose();
            Thread.Sleep(1);
        }

        Assert.Equal(Errno.None, error);
        return fd;
    }

    private (KeyringDaemon Daemon, Thread Thread) Start(double recallSeconds)
    {
        Assert.Equal(
            Errno.None,
            KeyringDaemon.Open(Directory, TimeSpan.FromSeconds(recallSeconds), out KeyringDaemon? daemon));
        Thread thread = new(daemon!.Run);
        thread.Start();
        return (daemon, thread);
    }
}
