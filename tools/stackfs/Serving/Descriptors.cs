using System.Globalization;
using System.Text.RegularExpressions;
using StackFs.Cli.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Serving;

/// <summary>
/// Keeps a serving process from holding its caller's files: whoever waits for the end of a pipe that the caller wrote to
/// would wait until the unmount.
/// </summary>
internal static partial class Descriptors
{
    private const int StandardError = 2;

    /// <summary>
    /// In the launching process: keeps what it inherited itself from its child, except the standard streams and a
    /// descriptor that the options name as the source of a passphrase.
    /// </summary>
    /// <param name="options">The mount options.</param>
    public static void KeepFromChild(string options)
    {
        HashSet<int> named = [.. PassphraseDescriptor().Matches(options).Select(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture))];
        foreach (int fd in Open().Where(fd => fd > StandardError && !named.Contains(fd)))
        {
            _ = Posix.SetCloseOnExec(fd); // EBADF: it was the listing's own, and is closed.
        }
    }

    /// <summary>
    /// In the serving process: puts /dev/null in the place of the standard streams and of the copies that the runtime
    /// has made of them.
    /// </summary>
    public static Errno LetGoOfStandardStreams()
    {
        HashSet<string?> streams = [.. Enumerable.Range(0, StandardError + 1).Select(FileOf).Where(f => f is not null)];
        List<int> copies = [.. Open().Where(fd => fd > StandardError && streams.Contains(FileOf(fd)))];
        Errno errno = Posix.OpenNull(out SafeFd nothing);
        using (nothing)
        {
            foreach (int fd in Enumerable.Range(0, StandardError + 1).Concat(copies))
            {
                errno = errno == Errno.None ? Posix.Replace(fd, nothing, closeOnExec: fd > StandardError) : errno;
            }
        }

        return errno;
    }

    /// <summary>
    /// In a process that outlives its caller: closes what it inherited, except the standard streams. What this process
    /// itself has opened is close-on-exec.
    /// </summary>
    public static void CloseInherited()
    {
        foreach (int fd in Open().Where(fd => fd > StandardError && FileOf(fd) is not null && !Posix.IsCloseOnExec(fd)))
        {
            new SafeFd(fd).Dispose();
        }
    }

    private static List<int> Open() =>
        [.. Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(e => int.Parse(Path.GetFileName(e), CultureInfo.InvariantCulture))];

    /// <summary>What a descriptor leads to, as /proc names it: a path, <c>pipe:[NUMBER]</c>; null for none.</summary>
    private static string? FileOf(int number) =>
        new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{number}")).LinkTarget;

    [GeneratedRegex(@"pass(?:wd_)?fd=(\d{1,9})")]
    private static partial Regex PassphraseDescriptor();
}
