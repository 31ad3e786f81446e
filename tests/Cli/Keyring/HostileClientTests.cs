using System.Globalization;
using Mono.Unix.Native;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;
using Errno = StackFs.Keyring.Interop.Errno;

namespace StackFs.Tests.Cli.Keyring;

/// <summary>Whatever clients do, the daemon stays up, keeps within its memory, and answers others within a second.</summary>
public sealed class HostileClientTests : IDisposable
{
    private const int Connections = 10_000;
    private const long MemoryAllowed = 24 << 20; // of growth; the collected heap alone may take 32 MiB.
    private const int DescriptorsAllowed = 300;

    private readonly DaemonProcess _daemon = new();
    private readonly LocalVolumeKeyLease _key = LocalVolumeKeyLease.Create();
    private readonly long _memoryBefore;

    public HostileClientTests()
    {
        _daemon.Start();
        using KeyringClient client = _daemon.Connect();
        Assert.True(client.Add(_key, SlotType.Passphrase, "/srv", 0, 0, out _).IsOk);
        _memoryBefore = ResidentMemory();
    }

    public void Dispose()
    {
        _key.Dispose();
        _daemon.Dispose();
    }

    [Fact]
    public void Ten_thousand_connections_leave_room_for_one_more()
    {
        List<SafeFd> all = [];
        try
        {
            for (int i = 0; i < Connections; i++)
            {
                Errno error = Posix.Connect(_daemon.Socket, out SafeFd fd);
                if (error == Errno.EMFILE)
                {
                    break; // As many as this process may have.
                }

                Assert.True(error is Errno.None or Errno.EAGAIN, error.ToString());
                all.Add(fd);
                if (error == Errno.EAGAIN)
                {
                    Thread.Sleep(1); // The queue is full, until the daemon accepts.
                }
            }

            all[^1].Dispose();
            AssertServes();
        }
        finally
        {
            all.ForEach(fd => fd.Dispose());
        }
    }

    [Fact]
    public void Clients_that_never_read_hold_up_nobody()
    {
        byte[] next = [1, 2, 0, 0, .. new byte[16]];
        List<SafeFd> all = [];
        try
        {
            for (int i = 0; i < 50; i++)
            {
                SafeFd fd = ConnectRaw();
                all.Add(fd);
                for (int sent = 0; sent < 2000 && Posix.Send(fd, next, null) == Errno.None; sent++)
                {
                }
            }

            AssertServes();
        }
        finally
        {
            all.ForEach(fd => fd.Dispose());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Noise_and_mutated_messages_change_nothing(int seed)
    {
        Random random = new(seed);
        using SecretPage page = SecretPage.Create();
        byte[] id = new byte[VolumeKeyId.Length];
        _key.Id.CopyTo(id);
        byte[][] whole =
        [
            [1, 1, 0, 0, .. id, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0x2f, 0x73, 0x72, 0x76],
            [1, 2, 0, 0, .. new byte[16]],
            [1, 3, 0, 0, .. new byte[16], 1],
            [1, 5, 0, 0, .. new byte[16], 10, 0, 0, 0, 10, 0, 0, 0],
            [1, 6, 0, 0, .. id, 0, 0, 0, 0, 1, 0, 0x2f],
            [1, 6, 0, 0, .. new byte[16], 1, 0, 0, 0, 1, 0, 0x2f],
            [1, 0x10, 0, 0],
            [1, 0x11, 0, 0],
        ];
        for (int i = 0; i < 3000; i++)
        {
            using (SafeFd fd = ConnectRaw())
            {
                for (int message = random.Next(1, 4); message > 0; message--)
                {
                    byte[] packet = Mutated(whole[random.Next(whole.Length)], random);
                    if (IsHarmful(packet))
                    {
                        continue; // Whole, and the key's owner may say it: drop it, or set its time.
                    }

                    _ = Posix.Send(fd, packet, random.Next(4) == 0 ? page.Memory : null); // Closed already: as good.
                }

                if (random.Next(3) == 0)
                {
                    _ = Posix.Receive(fd, new byte[2048], out _, out SafeFd? attached);
                    attached?.Dispose();
                }
            }
        }

        AssertServes();
    }

    private static byte[] Mutated(byte[] packet, Random random)
    {
        byte[] copy = [.. packet];
        switch (random.Next(5))
        {
            case 0:
                return copy[..random.Next(copy.Length)];
            case 1:
                copy[random.Next(copy.Length)] ^= (byte)random.Next(1, 256);
                return copy;
            case 2:
                return [.. copy, .. new byte[random.Next(2100)]];
            case 3:
                byte[] noise = new byte[random.Next(4096)];
                random.NextBytes(noise);
                return noise;
            default:
                return copy;
        }
    }

    private bool IsHarmful(byte[] packet)
    {
        byte[] id = new byte[VolumeKeyId.Length];
        _key.Id.CopyTo(id);
        return packet.Length >= 2 && (packet[1] == 4 || (packet[1] is 1 or 3 or 5 && packet.AsSpan().IndexOf(id) >= 0));
    }

    private SafeFd ConnectRaw()
    {
        Errno error;
        SafeFd fd;
        while ((error = Posix.Connect(_daemon.Socket, out fd)) == Errno.EAGAIN)
        {
            fd.Dispose();
            Thread.Sleep(1); // The queue is full, until the daemon accepts.
        }

        Assert.Equal(Errno.None, error);
        return fd;
    }

    private void AssertServes()
    {
        using (KeyringClient client = _daemon.Connect())
        {
            Assert.True(client.List(out IReadOnlyList<KeyringEntry> entries).IsOk);
            Assert.Equal(_key.Id, Assert.Single(entries).Id);
        }

        Assert.True(ResidentMemory() - _memoryBefore < MemoryAllowed, $"grew from {_memoryBefore} to {ResidentMemory()} bytes");
        Assert.InRange(Directory.EnumerateFileSystemEntries($"/proc/{_daemon.ProcessId}/fd").Count(), 1, DescriptorsAllowed);
    }

    private long ResidentMemory()
    {
        string line = File.ReadLines($"/proc/{_daemon.ProcessId}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
