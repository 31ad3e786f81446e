using Mono.Unix.Native;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;
using Errno = StackFs.Keyring.Interop.Errno;

namespace StackFs.Tests.Cli.Keyring;

/// <summary>What is left of the keys when the daemon's process ends.</summary>
public class RestartTests
{
    [Fact]
    public void A_killed_daemon_finds_its_keys_in_the_managers_store()
    {
        using DaemonProcess daemon = new();
        using ServiceManagerStandIn manager = new(daemon);
        manager.Start();
        using LocalVolumeKeyLease first = LocalVolumeKeyLease.Create();
        using LocalVolumeKeyLease second = LocalVolumeKeyLease.Create();
        using (KeyringClient client = daemon.Connect())
        {
            Assert.True(client.Add(first, SlotType.PublicKey, "/srv/first", 3600, 0, out _).IsOk);
            manager.HearUntil("FDSTORE=1");
            Assert.True(client.Add(second, SlotType.Passphrase, "/srv/second", 0, 600, out _).IsOk);
            manager.HearUntil("FDSTORE=1");
        }

        Assert.Equal(128 + (int)Signum.SIGKILL, daemon.End(Signum.SIGKILL));
        AddNoise(manager);
        manager.Start();
        AssertHolds(daemon, first, second);

        // An upgrade: the daemon is told to end, and keeps nothing from its successor.
        Assert.Equal(0, daemon.End(Signum.SIGTERM));
        manager.Start();
        AssertHolds(daemon, first, second);
        using (KeyringClient client = daemon.Connect())
        {
            Assert.True(client.Drop(first.Id, ifUnused: true, out _).IsOk);
            manager.HearUntil("FDSTOREREMOVE=1");
            Assert.DoesNotContain($"vk-{first.Id}", manager.Store.Keys);
        }

        daemon.End(Signum.SIGKILL);
        manager.Start();
        AssertHolds(daemon, second);
    }

    [Fact]
    public void Without_a_manager_a_restart_is_an_empty_keyring()
    {
        using DaemonProcess daemon = new();
        foreach (Signum signal in (Signum[])[Signum.SIGKILL, Signum.SIGTERM])
        {
            daemon.Start();
            using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
            using (KeyringClient client = daemon.Connect())
            {
                Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
            }

            Assert.Equal(signal == Signum.SIGTERM ? 0 : 128 + (int)signal, daemon.End(signal));
            daemon.Start();
            AssertHolds(daemon);
            daemon.End(Signum.SIGTERM);
        }
    }

    /// <summary>What another program, or a damaged record, may have left in the store.</summary>
    private static void AddNoise(ServiceManagerStandIn manager)
    {
        using SecretPage page = SecretPage.Create();
        Assert.Equal(Errno.None, Posix.DuplicatePrivate(page.Memory.Number, out SafeFd empty));
        manager.Store.Add("vk-damaged", empty);
        Assert.Equal(Errno.None, Posix.MakeEvent(out SafeFd other));
        manager.Store.Add("vk-other", other);
        Assert.Equal(Errno.None, Posix.MakeEvent(out SafeFd stray));
        manager.Store.Add("stray", stray);
    }

    private static void AssertHolds(DaemonProcess daemon, params LocalVolumeKeyLease[] keys)
    {
        using KeyringClient client = daemon.Connect();
        Assert.True(client.List(out IReadOnlyList<KeyringEntry> entries).IsOk);
        Assert.Equal(
            keys.Select(key => key.Id.ToString()).Order(StringComparer.Ordinal), entries.Select(entry => entry.Id.ToString()));
        foreach (KeyringEntry entry in entries)
        {
            bool isPem = entry.Kind == SlotType.PublicKey;
            Assert.Equal(isPem ? "/srv/first" : "/srv/second", entry.VolumePath);
            Assert.Equal(isPem, entry.LifetimeLeft is { TotalSeconds: > 3500 and <= 3600 });
            Assert.Equal(!isPem, entry.IdleLeft is { TotalSeconds: > 500 and <= 600 });
            Assert.Equal((uint)Syscall.geteuid(), entry.Owner);
        }

        foreach (LocalVolumeKeyLease key in keys)
        {
            using KeyringClient borrower = daemon.Connect();
            Assert.True(borrower.Borrow(key.Id, out LocalVolumeKeyLease? held).IsOk);
            using (held)
            {
                byte[] wrapped = new byte[WrappedKey.Length];
                using SecretBuffer fileKey = SecretBuffer.Random(WrappedKey.KeyLength);
                Assert.True(key.Wrap(fileKey, [], wrapped));
                Assert.True(held!.TryUnwrap(wrapped, [], out SecretBuffer? same));
                Assert.True(same.FixedTimeEquals(fileKey));
                same.Dispose();
            }
        }
    }
}
