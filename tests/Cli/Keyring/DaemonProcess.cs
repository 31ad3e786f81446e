using System.Diagnostics;
using System.Globalization;
using Mono.Unix.Native;
using StackFs.Interop;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using Errno = StackFs.Keyring.Interop.Errno;

namespace StackFs.Tests.Cli.Keyring;

/// <summary>
/// The real daemon in a process of its own, started as a service manager does or by hand, in a directory of its own.
/// </summary>
internal sealed class DaemonProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _base = System.IO.Directory.CreateTempSubdirectory("stackfs-daemon-").FullName;
    private int _process;

    public DaemonProcess()
    {
        File.CreateSymbolicLink(Program, Machine.Executable);
        System.IO.Directory.CreateDirectory(Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Directory => Path.Combine(_base, "keyring");

    public string Socket => KeyringPaths.SocketIn(Directory);

    public int ProcessId => _process;

    private string Program => Path.Combine(_base, "stackfs-keyringd");

    /// <summary>Starts the daemon by hand, and waits until it listens.</summary>
    public void Start()
    {
        Spawn([Program], []);
        Stopwatch waited = Stopwatch.StartNew();
        while (KeyringClient.Connect(Socket, out KeyringClient? client) is var error)
        {
            client?.Dispose();
            if (error == Errno.None)
            {
                return;
            }

            Assert.True(waited.Elapsed < Patience, $"the daemon does not listen: {error}");
            Thread.Sleep(20);
        }
    }

    /// <summary>Starts it with descriptors from 3 on and their names, as sd_listen_fds(3) has them.</summary>
    public void StartActivated(string notifySocket, IReadOnlyList<(string Name, SafeFd Descriptor)> handed) => Spawn(
        ["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$0\"", Program],
        [.. handed.Select((fd, i) => (fd.Descriptor, i + 3))],
        $"NOTIFY_SOCKET={notifySocket}",
        string.Create(CultureInfo.InvariantCulture, $"LISTEN_FDS={handed.Count}"),
        $"LISTEN_FDNAMES={string.Join(':', handed.Select(fd => fd.Name))}");

    public KeyringClient Connect()
    {
        Assert.Equal(Errno.None, KeyringClient.Connect(Socket, out KeyringClient? client));
        return client!;
    }

    /// <summary>Sends a signal and waits for the end.</summary>
    public int End(Signum signal)
    {
        Assert.Equal(0, Syscall.kill(_process, signal));
        Assert.Equal(Errno.None, Libc.WaitForChild(_process, out int exitCode));
        _process = 0;
        return exitCode;
    }

    public void Dispose()
    {
        if (_process != 0)
        {
            End(Signum.SIGKILL);
        }

        System.IO.Directory.Delete(_base, recursive: true);
    }

    private void Spawn(string[] command, (SafeFd, int)[] descriptors, params string[] variables)
    {
        Assert.Equal(0, _process);
        Assert.Equal(
            Errno.None,
            Libc.Spawn(command[0], command, [$"STACKFS_KEYRING_DIR={Directory}", .. variables], descriptors, out _process));
    }
}
