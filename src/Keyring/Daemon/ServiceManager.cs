using System.Globalization;
using System.Text;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Daemon;

/// <summary>
/// What systemd hands to the daemon and keeps for it: sd_listen_fds(3), sd_notify(3), the file descriptor store
/// (PROTOCOL.md, "Versions, restarts"). Without systemd nothing is handed over and nothing kept.
/// </summary>
internal sealed class ServiceManager : IDisposable
{
    private const int FirstDescriptor = 3;
    private const int MostDescriptors = 1024;
    private const string KeyPrefix = "vk-";

    private readonly SafeFd? _notify;

    private ServiceManager(SafeFd? notify) => _notify = notify;

    /// <summary>The listening socket, if one was handed over.</summary>
    internal SafeFd? Listener { get; private set; }

    /// <summary>Pages that the store held; the caller takes them.</summary>
    internal List<SecretPage> Pages { get; } = [];

    /// <summary>Whether keys outlive this process.</summary>
    internal bool KeepsKeys => _notify is not null;

    /// <summary>Takes what the environment says was handed over, and clears it from the environment.</summary>
    internal static ServiceManager FromEnvironment()
    {
        string? path = Take("NOTIFY_SOCKET");
        string? process = Take("LISTEN_PID");
        string? count = Take("LISTEN_FDS");
        string[] names = (Take("LISTEN_FDNAMES") ?? "").Split(':');
        SafeFd? notify = null;
        if (path is not null && Posix.ConnectDatagram(path, out SafeFd socket) == Errno.None)
        {
            notify = socket;
        }

        ServiceManager manager = new(notify);
        if (process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptors)
            && descriptors <= MostDescriptors)
        {
            for (int i = 0; i < descriptors; i++)
            {
                manager.Adopt(FirstDescriptor + i, i < names.Length ? names[i] : "");
            }
        }

        return manager;
    }

    /// <summary>Puts a key's page into the store, in place of one with its name.</summary>
    internal void Store(HeldKey key)
    {
        Remove(key);
        Notify($"FDSTORE=1\nFDPOLL=0\nFDNAME={KeyPrefix}{key.Id}", key.Page.Memory);
    }

    /// <summary>Takes a key's page out of the store.</summary>
    internal void Remove(HeldKey key) => Notify($"FDSTOREREMOVE=1\nFDNAME={KeyPrefix}{key.Id}", null);

    /// <summary>Says that the daemon answers.</summary>
    internal void Ready() => Notify("READY=1", null);

    /// <summary>Says that the daemon ends.</summary>
    internal void Stopping() => Notify("STOPPING=1", null);

    /// <inheritdoc/>
    public void Dispose() => _notify?.Dispose();

    private static string? Take(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return value;
    }

    private void Adopt(int number, string name)
    {
        // The duplicate is ours and close-on-exec; the number itself is closed.
        Errno error = Posix.DuplicatePrivate(number, out SafeFd fd);
        new SafeFd(number).Dispose();
        if (error != Errno.None)
        {
            fd.Dispose();
        }
        else if (name.StartsWith(KeyPrefix, StringComparison.Ordinal))
        {
            SecretPage? page = SecretPage.TryOpen(fd, wipes: true);
            if (page is not null)
            {
                Pages.Add(page);
            }
        }
        else if (Listener is null && Posix.IsPacketListener(fd))
        {
            Listener = fd;
        }
        else
        {
            fd.Dispose();
        }
    }

    /// <summary>A manager that is gone or full changes nothing about the keys held here.</summary>
    private void Notify(string message, SafeFd? attached)
    {
        if (_notify is not null)
        {
            _ = Posix.Send(_notify, Encoding.UTF8.GetBytes(message), attached);
        }
    }
}
