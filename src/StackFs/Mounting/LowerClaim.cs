using System.Text;
using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;

namespace StackFs.Mounting;

/// <summary>
/// That a lower directory is being written to, on this machine: an flock(2) of the directory itself. Who writes alone has
/// it alone, who shares has it beside others that share, who only reads has none. It goes with the process, however that
/// ends.
/// </summary>
internal sealed class LowerClaim : IDisposable
{
    private const string OurType = "fuse.stackfs";
    private const int PauseMilliseconds = 20;

    // A mount that has left the mount table is still writing out.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SafeFd _directory;

    private LowerClaim(SafeFd directory) => _directory = directory;

    /// <summary>Claims a lower directory for writing.</summary>
    /// <param name="lower">Its path.</param>
    /// <param name="shared">Beside others that share it.</param>
    /// <param name="claim">Given back when disposed; null where it could not be had or the filesystem has no flock(2).</param>
    /// <returns>
    /// EBUSY when a mount has it, or one of a directory above or below it that can be seen from here; what opening the
    /// directory answers.
    /// </returns>
    internal static Errno Take(string lower, bool shared, out LowerClaim? claim)
    {
        claim = null;
        if (Overlapping(lower).Any(IsTaken))
        {
            return Errno.EBUSY;
        }

        long deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        Errno error = TryTake(lower, shared, out claim);
        while (error == Errno.EBUSY && Environment.TickCount64 < deadline && !IsMounted(lower))
        {
            Thread.Sleep(PauseMilliseconds);
            error = TryTake(lower, shared, out claim);
        }

        return error;
    }

    /// <summary>Whether somebody writes to a lower directory and does not share it.</summary>
    internal static bool IsTaken(string lower)
    {
        Errno error = TryTake(lower, shared: true, out LowerClaim? claim);
        claim?.Dispose();
        return error == Errno.EBUSY;
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();

    private static Errno TryTake(string lower, bool shared, out LowerClaim? claim)
    {
        claim = null;
        Errno error = Libc.OpenPath(
            Encoding.UTF8.GetBytes(lower), OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? directory);
        if (error != Errno.None)
        {
            return error;
        }

        error = Libc.TryLockWhole(directory!, shared);
        if (error == Errno.None)
        {
            claim = new LowerClaim(directory!);
            return Errno.None;
        }

        directory!.Dispose();
        return error == Errno.EAGAIN ? Errno.EBUSY : Errno.None;
    }

    private static bool IsMounted(string lower) =>
        MountTable.Read().Any(mount => mount.Type == OurType && mount.Source == lower);

    // Lower directories of other mounts above or below this one. One that covers its own lower directory shows its upper
    // tree under that path, so what lies below it is stacked, not shared; and a volume below another tree is its own.
    private static IEnumerable<string> Overlapping(string lower) => MountTable.Read()
        .Where(mount => mount.Type == OurType && mount.Source != mount.MountPoint)
        .Select(mount => mount.Source)
        .Where(other => (IsBelow(lower, other) && !IsVolume(lower)) || (IsBelow(other, lower) && !IsVolume(other)));

    private static bool IsVolume(string directory) => File.Exists(Path.Combine(directory, VolumeConfig.FileName));

    private static bool IsBelow(string path, string directory) =>
        path.Length > directory.Length && path.StartsWith(directory, StringComparison.Ordinal)
        && (directory == "/" || path[directory.Length] == '/');
}
