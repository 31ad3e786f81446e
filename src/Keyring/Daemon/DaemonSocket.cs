using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;

namespace StackFs.Keyring.Daemon;

/// <summary>
/// The daemon's socket where no service manager made it: a directory of its user's own, a lock that says whether a daemon
/// runs, and a socket in place of one that a dead daemon left.
/// </summary>
internal static class DaemonSocket
{
    private const string LockName = "keyring.lock";
    private const int Backlog = 64;
    private const uint PrivateDirectory = 0x1c0; // 0700
    private const uint PrivateFile = 0x180; // 0600
    private const uint OthersMayDoAnything = 0x3f; // 0077

    /// <summary>Opens lock and socket; EALREADY when a daemon runs, EPERM when the directory is not to be trusted.</summary>
    internal static Errno Open(string directory, out SafeFd? listener, out SafeFd? held)
    {
        listener = null;
        held = null;
        Errno error = OpenDirectory(directory, out SafeFd fd);
        using (fd)
        {
            error = error == Errno.None ? Lock(fd, out held) : error;
            if (error != Errno.None)
            {
                held?.Dispose();
                held = null;
                return error;
            }

            return Listen(directory, fd, out listener);
        }
    }

    /// <summary>Listens anew in a directory whose lock is held.</summary>
    internal static Errno OpenAgain(string directory, out SafeFd? listener)
    {
        listener = null;
        Errno error = OpenDirectory(directory, out SafeFd fd);
        using (fd)
        {
            return error == Errno.None ? Listen(directory, fd, out listener) : error;
        }
    }

    /// <summary>An invalid descriptor, for the way out of a chain of calls.</summary>
    internal static Errno None(Errno error, out SafeFd fd)
    {
        fd = new SafeFd();
        return error;
    }

    private static Errno Listen(string directory, SafeFd fd, out SafeFd? listener)
    {
        listener = null;
        string path = KeyringPaths.SocketIn(directory);
        Errno error = Posix.Unlink(fd, Path.GetFileName(path));
        return error is Errno.None or Errno.ENOENT ? Posix.Listen(path, Backlog, out listener) : error;
    }

    private static Errno OpenDirectory(string directory, out SafeFd fd)
    {
        Errno error = Posix.MakeDirectory(directory, PrivateDirectory);
        error = error == Errno.None ? Posix.OpenDirectory(directory, out fd) : None(error, out fd);
        if (error == Errno.None)
        {
            error = Posix.Status(fd, out Posix.FileStatus status);
            bool trusted = status.User == Posix.EffectiveUser() && (status.Mode & OthersMayDoAnything) == 0;
            error = error == Errno.None && !trusted ? Errno.EPERM : error;
        }

        return error;
    }

    private static Errno Lock(SafeFd directory, out SafeFd? held)
    {
        Errno error = Posix.OpenForWriting(directory, LockName, PrivateFile, out held);
        error = error == Errno.None ? Posix.TryLockExclusive(held) : error;
        return error == Errno.EAGAIN ? Errno.EALREADY : error;
    }
}
