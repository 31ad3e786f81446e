using System.Net.Sockets;
using System.Text;
using StackFs.Keyring.Daemon;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Unit.Keyring;

public sealed class ServiceManagerTests
{
    [Fact]
    public void KeysArePutIntoTheStoreAndTakenOut()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("stackfs-notify-");
        string path = Path.Combine(directory.FullName, "notify");
        using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        using SafeFd manager = new(Mono.Unix.Native.Syscall.dup((int)socket.Handle));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", path);
        using ServiceManager service = ServiceManager.FromEnvironment();
        Assert.Null(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));
        Assert.True(service.KeepsKeys);
        using LocalVolumeKeyLease key = LocalVolumeKeyLease.Create();
        using SecretPage sent = key.MakeLoan()!;
        using HeldKey held = HeldKey.TryAdd(sent, key.Id, 1, 0, "/srv"u8)!;
        held.SetTimes(0, 0, 1000);

        service.Ready();
        Assert.Equal("READY=1", Receive(manager, out SafeFd? nothing));
        Assert.Null(nothing);
        service.Store(held);
        Assert.Equal($"FDSTOREREMOVE=1\nFDNAME=vk-{key.Id}", Receive(manager, out _));
        Assert.Equal($"FDSTORE=1\nFDPOLL=0\nFDNAME=vk-{key.Id}", Receive(manager, out SafeFd? stored));
        using HeldKey? restored = HeldKey.TryRestore(SecretPage.TryOpen(stored!, wipes: true)!, 2000);
        Assert.Equal(key.Id, restored!.Id);
        service.Remove(held);
        Assert.Equal($"FDSTOREREMOVE=1\nFDNAME=vk-{key.Id}", Receive(manager, out _));
        directory.Delete(recursive: true);
    }

    private static string Receive(SafeFd socket, out SafeFd? attached)
    {
        byte[] buffer = new byte[256];
        Assert.Equal(Errno.None, Posix.Receive(socket, buffer, out int length, out attached));
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
