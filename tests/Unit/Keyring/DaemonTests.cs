using System.Diagnostics;
using System.Security.Cryptography;
using StackFs.Keyring.Client;
using StackFs.Keyring.Daemon;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Unit.Keyring;

public sealed class DaemonTests
{
    [Fact]
    public void PersistedNumbersNeverChange()
    {
        Assert.Equal(
            [1, 2, 3, 4, 5, 6, 0x10, 0x11, 0x80, 0x81, 0x82, 0x90, 0x91],
            Enum.GetValues<MessageType>().Select(type => (int)type));
        Assert.Equal([0, 1, 2, 3, 4, 5], Enum.GetValues<RefusalReason>().Select(reason => (int)reason));
        Assert.Equal([1, 2], Enum.GetValues<KeyState>().Select(state => (int)state));
    }

    [Fact]
    public void KeysAreAddedListedAndDropped()
    {
        using RunningDaemon daemon = new();
        using KeyringClient client = daemon.Connect();
        LocalVolumeKeyLease[] keys = [.. Enumerable.Range(0, 5).Select(_ => LocalVolumeKeyLease.Create())];
        foreach (LocalVolumeKeyLease key in keys)
        {
            Assert.True(client.Add(key, SlotType.Passphrase, "/srv/data", 0, 0, out bool wasThere).IsOk);
            Assert.False(wasThere);
        }

        Assert.True(client.Add(keys[0], SlotType.Passphrase, "/srv/data", 3600, 60, out bool again).IsOk);
        Assert.True(again);
        Assert.True(client.List(out IReadOnlyList<KeyringEntry> entries).IsOk);
        Assert.Equal(
            keys.Select(key => key.Id.ToString()).Order(StringComparer.Ordinal), entries.Select(e => e.Id.ToString()));
        KeyringEntry first = entries.Single(entry => entry.Id == keys[0].Id);
        Assert.Equal("/srv/data", first.VolumePath);
        Assert.Equal(SlotType.Passphrase, first.Kind);
        Assert.Equal(KeyState.Held, first.State);
        Assert.Equal(0, first.LeaseCount);
        Assert.InRange(first.LifetimeLeft!.Value.TotalSeconds, 3595, 3600);
        Assert.InRange(first.IdleLeft!.Value.TotalSeconds, 55, 60);
        Assert.Null(entries.First(entry => entry.Id != keys[0].Id).LifetimeLeft);

        Assert.True(client.Drop(keys[0].Id, ifUnused: true, out int notReturned).IsOk);
        Assert.Equal(0, notReturned);
        Assert.Equal(RefusalReason.NoKey, client.Drop(keys[0].Id, ifUnused: false, out _).Reason);
        Assert.True(client.Clear(out _).IsOk);
        Assert.True(client.List(out entries).IsOk);
        Assert.Empty(entries);
    }

    [Fact]
    public void ALeaseHoldsTheKeyAndIsListed()
    {
        using RunningDaemon daemon = new();
        using KeyringClient client = daemon.Connect();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        byte[] wrapped = new byte[60];
        using SecretBuffer fileKey = SecretBuffer.Random(32);
        Assert.True(key.Wrap(fileKey, "ad"u8, wrapped));
        Assert.True(client.Add(key, SlotType.PublicKey, "/srv", 0, 0, out _).IsOk);

        Holder holder = new();
        Assert.True(KeyringLease.Take(daemon.Socket, key.Id, "/mnt/a", holder, out KeyringLease? lease).IsOk);
        using (lease)
        {
            lease!.Start();
            Assert.Equal(key.Id, lease.Id);
            Assert.True(lease.TryUnwrap(wrapped, "ad"u8, out SecretBuffer? unwrapped));
            Assert.True(unwrapped.FixedTimeEquals(fileKey));
            Assert.True(client.List(out IReadOnlyList<KeyringEntry> entries).IsOk);
            Assert.Equal(1, entries[0].LeaseCount);
            Assert.Equal(new KeyringHolder(Environment.ProcessId, "/mnt/a"), Assert.Single(entries[0].Holders));
            Assert.Equal(RefusalReason.Busy, client.Drop(key.Id, ifUnused: true, out _).Reason);
        }

        Assert.True(lease.IsRevoked);
        WaitUntil(() => client.List(out IReadOnlyList<KeyringEntry> entries).IsOk && entries[0].LeaseCount == 0);
        Assert.True(client.Drop(key.Id, ifUnused: true, out _).IsOk);
        Assert.Equal(0, holder.GaveBack);
    }

    [Fact]
    public void TakingAKeyAwayAsksItsHoldersAndGivingItBackResumesThem()
    {
        using RunningDaemon daemon = new();
        using KeyringClient client = daemon.Connect();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        byte[] wrapped = new byte[60];
        using SecretBuffer fileKey = SecretBuffer.Random(32);
        Assert.True(key.Wrap(fileKey, [], wrapped));
        Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
        Holder holder = new();
        Assert.True(KeyringLease.Take(daemon.Socket, key.Id, "/mnt", holder, out KeyringLease? lease).IsOk);
        using (lease)
        {
            // While the holder is giving back, the key must still work: dirty data is written then.
            holder.OnGiveBack = () => Assert.True(lease!.TryUnwrap(wrapped, [], out _));
            lease!.Start();
            Assert.True(client.Drop(key.Id, ifUnused: false, out int notReturned).IsOk);
            Assert.Equal(0, notReturned);
            Assert.Equal(1, holder.GaveBack);
            Assert.Null(holder.Failure);
            Assert.True(lease.IsRevoked);
            Assert.False(lease.TryUnwrap(wrapped, [], out _));
            Assert.Equal(0, holder.TookUp);

            Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out bool wasThere).IsOk);
            Assert.False(wasThere);
            WaitUntil(() => holder.TookUp == 1);
            Assert.False(lease.IsRevoked);
            Assert.True(lease.TryUnwrap(wrapped, [], out SecretBuffer? unwrapped));
            Assert.True(unwrapped.FixedTimeEquals(fileKey));
            Assert.True(client.Clear(out _).IsOk);
            Assert.Equal(2, holder.GaveBack);
        }
    }

    [Fact]
    public void AHolderThatDoesNotAnswerIsCutOff()
    {
        using RunningDaemon daemon = new(recallSeconds: 0.3);
        using KeyringClient client = daemon.Connect();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
        Assert.True(KeyringLease.Take(daemon.Socket, key.Id, "/mnt", new Holder(), out KeyringLease? deaf).IsOk);
        using (deaf)
        {
            Assert.True(client.Drop(key.Id, ifUnused: false, out int notReturned).IsOk);
            Assert.Equal(1, notReturned);
        }
    }

    [Fact]
    public void WhileAKeyLeavesItIsGivenToNobody()
    {
        using RunningDaemon daemon = new(recallSeconds: 1);
        using KeyringClient client = daemon.Connect();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
        Assert.True(KeyringLease.Take(daemon.Socket, key.Id, "/mnt", new Holder(), out KeyringLease? deaf).IsOk);
        Thread dropping = new(() => client.Drop(key.Id, ifUnused: false, out _));
        dropping.Start();
        using KeyringClient other = daemon.Connect();
        WaitUntil(() => other.List(out IReadOnlyList<KeyringEntry> entries).IsOk && entries[0].State == KeyState.Leaving);
        Assert.Equal(RefusalReason.Leaving, other.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).Reason);
        Assert.Equal(RefusalReason.Leaving, other.SetTimes(key.Id, 1, 1).Reason);
        Assert.Equal(RefusalReason.Leaving, daemon.Connect().Borrow(key.Id, out _).Reason);
        dropping.Join();
        deaf!.Dispose();
        Assert.Equal(RefusalReason.NoKey, daemon.Connect().Borrow(key.Id, out _).Reason);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(100, 1)]
    public void AKeyLeavesWhenItsTimeIsOver(uint lifetime, uint idle)
    {
        using RunningDaemon daemon = new();
        using KeyringClient client = daemon.Connect();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        Assert.True(client.Add(key, SlotType.Passphrase, "/srv", lifetime, idle, out _).IsOk);
        WaitUntil(() => client.List(out IReadOnlyList<KeyringEntry> entries).IsOk && entries.Count == 0);
    }

    [Fact]
    public void ALifetimeThatIsOverRecallsTheLeases()
    {
        using RunningDaemon daemon = new();
        using KeyringClient client = daemon.Connect();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 1, 0, out _).IsOk);
        Holder holder = new();
        Assert.True(KeyringLease.Take(daemon.Socket, key.Id, "/mnt", holder, out KeyringLease? lease).IsOk);
        using (lease)
        {
            lease!.Start();
            WaitUntil(() => holder.GaveBack == 1 && lease.IsRevoked);
            WaitUntil(() => client.List(out IReadOnlyList<KeyringEntry> entries).IsOk && entries.Count == 0);
        }
    }

    [Fact]
    public void AShortIdleTimeWaitsForWhatALeaseReports()
    {
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        using SecretPage sent = key.MakeLoan()!;
        using HeldKey held = HeldKey.TryAdd(sent, key.Id, 1, 0, [])!;
        held.SetTimes(0, 1, 1000);
        Assert.Equal(2000, held.Deadline(0));
        Assert.Equal(Errno.None, Posix.MakeEvent(out SafeFd any));
        using Connection connection = new(any, default, 0);
        held.Leases.Add(connection);
        Assert.Equal(1000 + 20_000, held.Deadline(0));
        held.MarkUsed(5000);
        Assert.Equal(5000 + 20_000, held.Deadline(0));
        held.Leases.Clear();
        Assert.Equal(6000, held.Deadline(0));
    }

    [Fact]
    public void ALeaseOutlivesADaemonThatComesBackWithTheKey()
    {
        using RunningDaemon daemon = new();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        using (KeyringClient client = daemon.Connect())
        {
            Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
        }

        Holder holder = new();
        Assert.True(KeyringLease.Take(daemon.Socket, key.Id, "/mnt", holder, out KeyringLease? lease).IsOk);
        using (lease)
        {
            lease!.Start();
            daemon.Stop();
            daemon.Restart();
            using KeyringClient client = daemon.Connect();
            Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
            WaitUntil(() => client.List(out IReadOnlyList<KeyringEntry> entries).IsOk && entries[0].LeaseCount == 1);
            Assert.Equal(0, holder.GaveBack);
            Assert.False(lease.IsRevoked);
        }
    }

    [Fact]
    public void ALeaseEndsWhenTheDaemonStaysAwayAndResumesWhenTheKeyComesBack()
    {
        using RunningDaemon daemon = new();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        using (KeyringClient client = daemon.Connect())
        {
            Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
        }

        Holder holder = new();
        Assert.True(KeyringLease.Take(daemon.Socket, key.Id, "/mnt", holder, out KeyringLease? lease).IsOk);
        using (lease)
        {
            lease!.Start();
            daemon.Stop();
            WaitUntil(() => lease.IsRevoked, seconds: 20);
            Assert.Equal(1, holder.GaveBack);
            daemon.Restart();
            using KeyringClient client = daemon.Connect();
            Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
            WaitUntil(() => holder.TookUp == 1);
            Assert.False(lease.IsRevoked);
        }
    }

    [Fact]
    public void AMissingDaemonIsSaidToBe()
    {
        Assert.Equal(Errno.ENOENT, KeyringClient.Connect("/nowhere/keyring.sock", out KeyringClient? client));
        Assert.Null(client);
        RunningDaemon daemon = new();
        string socket = daemon.Socket;
        daemon.Stop();
        Assert.Equal(Errno.ECONNREFUSED, KeyringClient.Connect(socket, out _));
        Assert.Equal(Errno.ENAMETOOLONG, KeyringClient.Connect("/" + new string('x', 200), out _));
        Directory.Delete(daemon.Directory, recursive: true);
    }

    [Fact]
    public void AHungDaemonIsAnErrorWithinASecond()
    {
        string directory = Directory.CreateTempSubdirectory("stackfs-hung-").FullName;
        string socket = KeyringPaths.SocketIn(directory);
        Assert.Equal(Errno.None, Posix.Listen(socket, 1, out SafeFd listener));
        Stopwatch time = Stopwatch.StartNew();
        Assert.Equal(Errno.None, KeyringClient.Connect(socket, out KeyringClient? client));
        Assert.Equal(Errno.ETIMEDOUT, client!.List(out _).Error);
        Assert.InRange(time.ElapsedMilliseconds, 900, 2500);
        Assert.Equal(Errno.None, KeyringClient.Connect(socket, out KeyringClient? second));
        time.Restart();
        Assert.Equal(Errno.ETIMEDOUT, KeyringClient.Connect(socket, out _)); // The queue is full.
        Assert.InRange(time.ElapsedMilliseconds, 0, 500);
        client.Dispose();
        second!.Dispose();
        listener.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void OneDaemonADirectory()
    {
        using RunningDaemon daemon = new();
        Assert.Equal(Errno.EALREADY, KeyringDaemon.Open(daemon.Directory, out KeyringDaemon? second));
        Assert.Null(second);
        daemon.Stop();
        daemon.Restart(); // Over the socket that the first left.
        using KeyringClient client = daemon.Connect();
        Assert.True(client.List(out _).IsOk);
    }

    [Fact]
    public void ADirectoryOpenToOthersIsRefused()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("stackfs-open-");
        Assert.Equal(
            0,
            Mono.Unix.Native.Syscall.chmod(
                directory.FullName, (Mono.Unix.Native.FilePermissions)Convert.ToUInt32("750", 8)));
        Assert.Equal(Errno.EPERM, KeyringDaemon.Open(directory.FullName, out _));
        directory.Delete();
    }

    [Fact]
    public void AFullKeyringSaysSo()
    {
        using RunningDaemon daemon = new();
        using KeyringClient client = daemon.Connect();
        for (int i = 0; i < Wire.MaximumKeys; i++)
        {
            using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
            Assert.True(client.Add(key, SlotType.Passphrase, new string('x', 600), 0, 0, out _).IsOk);
        }

        using LocalVolumeKeyLease more = LocalVolumeKeyLease.Create();
        Assert.Equal(RefusalReason.Full, client.Add(more, SlotType.Passphrase, "", 0, 0, out _).Reason);
        Assert.True(client.List(out IReadOnlyList<KeyringEntry> entries).IsOk);
        Assert.Equal(Wire.MaximumKeys, entries.Count);
        Assert.Equal(512, entries[0].VolumePath.Length);
    }

    [Fact]
    public void TheRecordOfAKeySurvivesInItsPage()
    {
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        using SecretPage sent = key.MakeLoan()!;
        HeldKey held = HeldKey.TryAdd(sent, key.Id, 2, 1000, "/srv/\u00fc"u8)!;
        held.SetTimes(3600, 60, 5_000_000);
        Assert.Equal(Errno.None, Posix.DuplicatePrivate(held.Page.Memory.Number, out SafeFd stored));
        SecretPage page = SecretPage.TryOpen(stored, wipes: true)!;
        using HeldKey restored = HeldKey.TryRestore(page, 6_000_000)!;
        Assert.Equal(key.Id, restored.Id);
        Assert.Equal(2, restored.Kind);
        Assert.Equal(1000u, restored.Owner);
        Assert.Equal("/srv/\u00fc"u8.ToArray(), restored.VolumePath);
        Assert.Equal(2600u, restored.LifetimeLeft(6_000_000));
        Assert.Equal(60u, restored.IdleLeft(6_000_000));
        Assert.Null(HeldKey.TryRestore(SecretPage.Create(), 1));
        Assert.Null(HeldKey.TryAdd(sent, new VolumeKeyId(RandomNumberGenerator.GetBytes(16)), 1, 0, []));
    }

    private static void WaitUntil(Func<bool> condition, int seconds = 10)
    {
        Stopwatch time = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(time.Elapsed < TimeSpan.FromSeconds(seconds), "waited in vain");
            Thread.Sleep(10);
        }
    }

    private sealed class Holder : ILeaseHolder
    {
        private int _gaveBack;
        private int _tookUp;

        internal Action? OnGiveBack { get; set; }

        internal Exception? Failure { get; private set; }

        internal int GaveBack => Volatile.Read(ref _gaveBack);

        internal int TookUp => Volatile.Read(ref _tookUp);

        public void GiveBack()
        {
            try
            {
                OnGiveBack?.Invoke();
            }
            catch (Xunit.Sdk.XunitException e)
            {
                Failure = e;
            }

            Interlocked.Increment(ref _gaveBack);
        }

        public void TakeUp() => Interlocked.Increment(ref _tookUp);
    }
}
