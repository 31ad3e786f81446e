using StackFs.Cli.Output;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Keys;

/// <summary>The way to this user's keyring daemon, and what its answers mean to people.</summary>
internal static class KeyringService
{
    private const string Without = "to mount without it: -o nokeyring";

    /// <summary>The daemon's socket.</summary>
    /// <exception cref="CommandException">This user has no directory that it could be in.</exception>
    public static string Socket => KeyringPaths.Socket ?? throw Failed(
        "the keyring has no place for its socket: XDG_RUNTIME_DIR is not set, and there is no /run/user directory for this user");

    /// <summary>The directory of the daemon's socket.</summary>
    /// <inheritdoc cref="Socket"/>
    public static string Directory => Path.GetDirectoryName(Socket)!;

    /// <summary>Connects to the daemon, starting it where none runs.</summary>
    /// <returns>The connection, which the caller disposes.</returns>
    /// <exception cref="CommandException">It cannot be started, or does not answer within a second.</exception>
    public static KeyringClient Connect()
    {
        Errno errno = KeyringClient.ConnectOrStart(Socket, DaemonLauncher.Start, out KeyringClient? client);
        return client ?? throw Unreachable(errno);
    }

    /// <summary>Connects to the daemon if one runs; null when none does, and so no key is held.</summary>
    /// <inheritdoc cref="Connect"/>
    public static KeyringClient? ConnectIfRunning()
    {
        if (KeyringPaths.Socket is not { } socket)
        {
            return null;
        }

        Errno errno = KeyringClient.Connect(socket, out KeyringClient? client);
        return client is not null || KeyringClient.IsAbsent(errno) ? client : throw Unreachable(errno);
    }

    /// <summary>The keys that the daemon holds.</summary>
    /// <exception cref="CommandException">It does not say.</exception>
    public static IReadOnlyList<KeyringEntry> List(KeyringClient client)
    {
        Check(client.List(out IReadOnlyList<KeyringEntry> entries), "the keyring");
        return entries;
    }

    /// <summary>The daemon's entry of a key that can be had; null where it holds none, or it is being taken away.</summary>
    /// <exception cref="CommandException">It does not say.</exception>
    public static KeyringEntry? Find(KeyringClient client, VolumeKeyId id) =>
        List(client).FirstOrDefault(entry => entry.Id == id && entry.State == KeyState.Held);

    /// <summary>Whether a key can be had of the keyring. Starts no daemon.</summary>
    /// <exception cref="CommandException">The daemon does not answer.</exception>
    public static bool Holds(VolumeKeyId id)
    {
        using KeyringClient? client = ConnectIfRunning();
        return client is not null && Find(client, id) is not null;
    }

    /// <summary>
    /// A copy of a key for this process's own short work; null where the keyring does not hold it. Starts no daemon.
    /// </summary>
    /// <returns>The key, which the caller disposes.</returns>
    /// <exception cref="CommandException">The daemon does not answer.</exception>
    public static LocalVolumeKeyLease? Borrow(VolumeKeyId id)
    {
        using KeyringClient? client = ConnectIfRunning();
        if (client is null)
        {
            return null;
        }

        KeyringReply reply = client.Borrow(id, out LocalVolumeKeyLease? lease);
        if (reply.Reason is not (RefusalReason.NoKey or RefusalReason.Leaving))
        {
            Check(reply, id.Signature.ToString());
        }

        return lease;
    }

    /// <summary>The error for a key that the keyring does not hold.</summary>
    /// <param name="key">The key, for people: a signature, or a lower directory.</param>
    public static CommandException NotHeld(string key) => new(
        ExitCode.NoSuchKey, $"{key}: the keyring does not hold this key", "what it holds: stackfs keys list");

    /// <summary>Passes where a request was done.</summary>
    /// <param name="reply">What the daemon answered.</param>
    /// <param name="key">The key it was about, for people: a signature, or a lower directory.</param>
    /// <exception cref="CommandException">It was not done.</exception>
    public static void Check(KeyringReply reply, string key)
    {
        if (!reply.IsOk)
        {
            throw reply.Error != Errno.None ? Unreachable(reply.Error) : Refused(reply.Reason, key);
        }
    }

    /// <summary>An error about the daemon itself.</summary>
    public static CommandException Failed(string message) => new(ExitCode.KeyringFailed, message, Without);

    private static CommandException Unreachable(Errno errno) => Failed(errno switch
    {
        Errno.ETIMEDOUT => $"{Socket}: the keyring daemon does not answer",
        Errno.EPERM => $"{Socket}: another user's daemon listens there",
        Errno.EPROTO => $"{Socket}: the keyring daemon closed the connection, or it is another version",
        Errno.ENOKEY => $"{Socket}: the key was taken away meanwhile",
        _ => $"{Socket}: the keyring daemon cannot be reached: {ErrnoText.Of(errno)}",
    });

    private static CommandException Refused(RefusalReason reason, string key) => reason switch
    {
        RefusalReason.NoKey => NotHeld(key),
        RefusalReason.Busy => new CommandException(
            ExitCode.Busy, $"{key}: a mount uses this key", "which one: stackfs keys list"),
        RefusalReason.Full => Failed($"{key}: the keyring holds as many keys as it can; drop one: stackfs keys drop SIG"),
        RefusalReason.Leaving => new CommandException(
            ExitCode.Busy, $"{key}: this key is just being taken away", "try again when its mounts have given it back"),
        _ => Failed($"{key}: the keyring daemon did not take the key ({reason})"),
    };
}
