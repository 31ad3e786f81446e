using StackFs.Keyring.Client;
using StackFs.Keyring.Daemon;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>When a daemon that was started on demand ends.</summary>
public sealed class DaemonLifeTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("stackfs-keyring-");

    private string Socket => KeyringPaths.SocketIn(_directory.FullName);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void ItLeavesWhenNothingIsHeldAndNobodyIsConnected()
    {
        Thread daemon = Run(TimeSpan.FromMilliseconds(300));
        Assert.Equal(Errno.None, KeyringClient.Connect(Socket, out KeyringClient? client));
        using (client)
        {
            Assert.False(daemon.Join(TimeSpan.FromMilliseconds(900)));
            using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
            Assert.True(client!.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
            client.Dispose();
            Assert.False(daemon.Join(TimeSpan.FromMilliseconds(900)));
            Assert.Equal(Errno.None, KeyringClient.Connect(Socket, out KeyringClient? again));
            using (again)
            {
                Assert.True(again!.Clear(out _).IsOk);
            }
        }

        Assert.True(daemon.Join(TimeSpan.FromSeconds(10)));
        Assert.Equal(Errno.ECONNREFUSED, KeyringClient.Connect(Socket, out _));
    }

    [Fact]
    public void WhoConnectsWhileItLeavesIsServedOrRefused()
    {
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(3));
        int lives = 0;
        Thread daemons = new(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Assert.Equal(Errno.None, KeyringDaemon.Open(_directory.FullName, out KeyringDaemon? daemon));
                daemon!.LeavesAfter = TimeSpan.Zero;
                lives++;
                daemon.Run();
                daemon.Dispose();
            }
        });
        daemons.Start();
        int served = 0;
        List<KeyringReply> lost = [];
        while (!end.IsCancellationRequested)
        {
            if (KeyringClient.Connect(Socket, out KeyringClient? client) == Errno.None)
            {
                using (client)
                {
                    KeyringReply reply = client!.List(out _);
                    served++;
                    if (!reply.IsOk)
                    {
                        lost.Add(reply);
                    }
                }
            }
        }

        Assert.True(daemons.Join(TimeSpan.FromSeconds(10)));
        Assert.Empty(lost);
        Assert.True(served > 20 && lives > 20, $"{served} clients served in {lives} lives");
    }

    private Thread Run(TimeSpan leavesAfter)
    {
        Assert.Equal(Errno.None, KeyringDaemon.Open(_directory.FullName, out KeyringDaemon? daemon));
        daemon!.LeavesAfter = leavesAfter;
        Thread thread = new(() =>
        {
            daemon.Run();
            daemon.Dispose();
        });
        thread.Start();
        return thread;
    }
}
