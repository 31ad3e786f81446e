using System.Security.Cryptography;
using Mono.Unix.Native;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;
using Errno = StackFs.Keyring.Interop.Errno;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>The daemon stays up and answers others, whatever a client sends (PROTOCOL.md).</summary>
public sealed class HostileClientTests
{
    private static readonly byte[] SomeId = RandomNumberGenerator.GetBytes(16);

    public static TheoryData<string, byte[]> BadPackets => new()
    {
        { "too short", [1] },
        { "another version", [2, 2, 0, 0, .. new byte[16]] },
        { "reserved not zero", [1, 2, 1, 0, .. new byte[16]] },
        { "unknown type", [1, 77, 0, 0] },
        { "a reply", [1, 0x80, 0, 0] },
        { "Next without an id", [1, 2, 0, 0, 1, 2, 3] },
        { "Next with something after", [1, 2, 0, 0, .. new byte[17]] },
        { "Drop with an unknown flag", [1, 3, 0, 0, .. new byte[16], 2] },
        { "Clear with something after", [1, 4, 0, 0, 0] },
        { "Released without a lease", [1, 0x10, 0, 0] },
        { "Used without a lease", [1, 0x11, 0, 0] },
        { "Lease with a text past the end", [1, 6, 0, 0, .. new byte[16], 0, 0, 0, 0, 255, 0, 65] },
        { "Lease with too long a text", [1, 6, 0, 0, .. new byte[16], 0, 0, 0, 0, 1, 2, .. new byte[513]] },
        { "the longest packet", new byte[2048] },
        { "longer than the longest", [1, 4, 0, 0, .. new byte[2045]] },
        { "64 KiB", new byte[65536] },
    };

    [Theory]
    [MemberData(nameof(BadPackets))]
    public void WhatIsNoMessageClosesTheConnection(string what, byte[] packet)
    {
        using RunningDaemon daemon = new();
        using SafeFd raw = daemon.ConnectRaw();
        Assert.Equal(Errno.None, Posix.Send(raw, packet, null));
        Assert.True(IsClosedByPeer(raw), what);
        AssertServes(daemon);
    }

    [Fact]
    public void AnAddIsBelievedOnlyWithItsKey()
    {
        using RunningDaemon daemon = new();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        using LocalVolumeKeyLease other = LocalVolumeKeyLease.Create();
        using SecretPage wrongKey = other.MakeLoan()!;
        Assert.Equal(Errno.None, Posix.MemFdCreate(out SafeFd unsealed));
        Assert.Equal(Errno.None, Posix.SetLength(unsealed, 4096));
        Assert.Equal(0, Syscall.pipe(out int reading, out int writing));
        using SafeFd pipe = new(reading);
        using SafeFd otherEnd = new(writing);
        foreach (SafeFd? attached in (SafeFd?[])[null, wrongKey.Memory, unsealed, pipe])
        {
            using SafeFd raw = daemon.ConnectRaw();
            MessageWriter add = new MessageWriter(MessageType.Add).Id(key.Id).UInt32(0).UInt32(0).UInt32(1).UInt16(0);
            Assert.Equal(Errno.None, Posix.Send(raw, add.Packet, attached));
            Assert.Equal([1, 0x81, 0, 0, 4, 0, 0, 0], Receive(raw));
        }

        unsealed.Dispose();
        AssertServes(daemon);
    }

    [Fact]
    public void ADescriptorWhereNoneBelongsClosesTheConnection()
    {
        using RunningDaemon daemon = new();
        using SafeFd raw = daemon.ConnectRaw();
        Assert.Equal(Errno.None, Posix.Send(raw, new MessageWriter(MessageType.Clear).Packet, raw));
        Assert.True(IsClosedByPeer(raw));
        AssertServes(daemon);
    }

    [Fact]
    public void ARequestWhileOneIsUnderWayClosesTheConnection()
    {
        using RunningDaemon daemon = new(recallSeconds: 1);
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        using KeyringClient client = daemon.Connect();
        Assert.True(client.Add(key, SlotType.Passphrase, "", 0, 0, out _).IsOk);
        using SafeFd holder = daemon.ConnectRaw();
        MessageWriter lease = new MessageWriter(MessageType.Lease).Id(key.Id).UInt32(0).UInt16(0);
        Assert.Equal(Errno.None, Posix.Send(holder, lease.Packet, null));
        Assert.Equal([1, 0x80, 0, 0], Receive(holder));
        using SafeFd raw = daemon.ConnectRaw();
        Assert.Equal(Errno.None, Posix.Send(raw, new MessageWriter(MessageType.Clear).Packet, null));
        Assert.Equal([1, 0x82, 0, 0, 1, 0], Receive(raw));
        Assert.Equal(Errno.None, Posix.Send(raw, new MessageWriter(MessageType.Clear).Packet, null));
        Assert.True(IsClosedByPeer(raw));
        AssertServes(daemon);
    }

    [Fact]
    public void AClientThatNeverReadsIsCutOffAndOthersAreServed()
    {
        using RunningDaemon daemon = new();
        using SafeFd raw = daemon.ConnectRaw();
        byte[] packet = new MessageWriter(MessageType.Next).Id(default).Packet.ToArray();
        Errno error = Errno.None;
        for (int i = 0; i < 100_000 && error is Errno.None or Errno.EAGAIN; i++)
        {
            error = Posix.Send(raw, packet, null);
        }

        Assert.True(error is Errno.EPIPE or Errno.ECONNRESET, error.ToString());
        AssertServes(daemon);
    }

    [Fact]
    public void TenThousandConnectionsDoNotKeepOthersOut()
    {
        using RunningDaemon daemon = new();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        using KeyringClient client = daemon.Connect();
        Assert.True(client.Add(key, SlotType.Passphrase, "", 0, 0, out _).IsOk);
        Assert.True(KeyringLease.Take(daemon.Socket, key.Id, "/mnt", new NoHolder(), out KeyringLease? lease).IsOk);
        Queue<SafeFd> open = new();
        for (int i = 0; i < 10_000; i++)
        {
            Errno error = Posix.Connect(daemon.Socket, out SafeFd fd);
            if (error == Errno.EAGAIN)
            {
                fd.Dispose(); // The daemon's queue is full for a moment.
                Thread.Yield();
                continue;
            }

            Assert.Equal(Errno.None, error);
            open.Enqueue(fd);
            if (open.Count > 500)
            {
                open.Dequeue().Dispose();
            }
        }

        AssertServes(daemon);
        using (KeyringClient later = daemon.Connect())
        {
            Assert.True(later.List(out IReadOnlyList<KeyringEntry> entries).IsOk);
            Assert.Equal(1, entries[0].LeaseCount); // A lease is never the one that makes place.
        }

        lease!.Dispose();
        while (open.TryDequeue(out SafeFd? fd))
        {
            fd.Dispose();
        }
    }

    [Fact]
    public void RandomMessagesNeverStopTheDaemon()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        using RunningDaemon daemon = new(recallSeconds: 0.05);
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        byte[] id = new byte[16];
        key.Id.CopyTo(id);
        byte[] types = [1, 2, 3, 4, 5, 6, 0x10, 0x11, 0x80];
        List<SafeFd> raws = [];
        for (int i = 0; i < 5000; i++)
        {
            if (raws.Count < 20 && random.Next(3) == 0)
            {
                raws.Add(daemon.ConnectRaw());
            }

            if (raws.Count == 0)
            {
                continue;
            }

            byte[] body = new byte[random.Next(48)];
            if (random.Next(2) == 0)
            {
                random.NextBytes(body);
            }

            byte[] name = random.Next(4) == 0 ? SomeId : id;
            byte[] packet = [1, types[random.Next(types.Length)], 0, 0, .. name, .. body];
            packet = random.Next(3) == 0 ? packet[..random.Next(1, packet.Length)] : packet;
            using SecretPage? page = random.Next(3) == 0 ? key.MakeLoan() : null;
            int at = random.Next(raws.Count);
            if (Posix.Send(raws[at], packet, page?.Memory) != Errno.None || random.Next(10) == 0)
            {
                raws[at].Dispose();
                raws.RemoveAt(at);
            }
        }

        raws.ForEach(raw => raw.Dispose());
        Assert.True(daemon.IsRunning, $"seed {seed}");
        AssertServes(daemon);
    }

    private static void AssertServes(RunningDaemon daemon)
    {
        using KeyringClient client = daemon.Connect();
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        Assert.True(client.Add(key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
        Assert.True(client.Drop(key.Id, ifUnused: false, out _).IsOk);
    }

    private static byte[] Receive(SafeFd raw)
    {
        byte[] packet = new byte[4096];
        Posix.PollEntry entry = new() { Descriptor = raw.Number, Wanted = Posix.POLLIN };
        Assert.Equal(Errno.None, Posix.Poll(new Span<Posix.PollEntry>(ref entry), 5000));
        Assert.Equal(Errno.None, Posix.Receive(raw, packet, out int length, out SafeFd? attached));
        attached?.Dispose();
        return packet[..length];
    }

    private static bool IsClosedByPeer(SafeFd raw)
    {
        Posix.PollEntry entry = new() { Descriptor = raw.Number, Wanted = Posix.POLLIN };
        Assert.Equal(Errno.None, Posix.Poll(new Span<Posix.PollEntry>(ref entry), 5000));
        Errno error = Posix.Receive(raw, new byte[4096], out int length, out SafeFd? attached);
        attached?.Dispose();
        return (error == Errno.None && length == 0) || error == Errno.ECONNRESET;
    }

    private sealed class NoHolder : ILeaseHolder
    {
        public void GiveBack()
        {
            // Holds nothing.
        }

        public void TakeUp()
        {
            // Holds nothing.
        }
    }
}
