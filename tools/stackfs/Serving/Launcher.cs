using System.Globalization;
using StackFs.Cli.Interop;
using StackFs.Cli.Output;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Serving;

/// <summary>
/// Starts the serving process and waits for its word.
/// </summary>
/// <remarks>
/// .NET cannot fork, so the server is this executable again, with two inherited pipes: it reads its
/// <see cref="MountRequest"/> from one and answers one byte, an <see cref="ExitCode"/>, on the other. Until that byte it
/// shares the caller's terminal, descriptors and process group, so it asks for passphrases and reads
/// <c>passphrase_passwd_fd</c> itself and no key ever passes between the two.
/// </remarks>
internal static class Launcher
{
    /// <summary>The hidden command that the started process is called with.</summary>
    public const string ServeCommand = "serve";

    /// <summary>Mounts in the background.</summary>
    /// <returns>
    /// <see cref="ExitCode.Success"/> once the mount is up; otherwise the server's code, whose message it has printed.
    /// </returns>
    public static ExitCode Launch(MountRequest request)
    {
        Descriptors.KeepFromChild(request.Options);
        Check(Posix.Pipe(out SafeFd requestRead, out SafeFd requestWrite));
        Check(Posix.Pipe(out SafeFd wordRead, out SafeFd wordWrite));
        using (wordRead)
        {
            int pid;
            using (requestRead)
            using (wordWrite)
            {
                // Under the same numbers, so that none of the caller's own descriptors is covered.
                Check(Libc.Spawn(
                    Environment.ProcessPath!,
                    ["stackfs", ServeCommand, request.Lower, request.Mountpoint, Number(requestRead), Number(wordWrite)],
                    [RuntimeSettings.NoDiagnostics],
                    [(requestRead, requestRead.Number), (wordWrite, wordWrite.Number)],
                    out pid));
            }

            using (requestWrite)
            using (FileStream stream = Stream(requestWrite, FileAccess.Write))
            {
                stream.Write(request.ToBytes());
            }

            return Word(wordRead, pid);
        }
    }

    /// <summary>
    /// The process that was launched to serve <paramref name="mount"/>, by the command lines in /proc; null where the
    /// mount is served in the foreground, or by a process that the caller may not look at.
    /// </summary>
    public static int? FindServer(OurMount mount)
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out int pid))
            {
                continue;
            }

            try
            {
                string[] arguments = File.ReadAllText(Path.Combine(directory, "cmdline")).Split('\0');
                if (arguments is ["stackfs", ServeCommand, string lower, string mountpoint, ..]
                    && lower == mount.Lower && mountpoint == mount.Mountpoint)
                {
                    return pid;
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                continue; // It has ended, or is hidden from us.
            }
        }

        return null;
    }

    private static ExitCode Word(SafeFd wordRead, int pid)
    {
        using FileStream stream = Stream(wordRead, FileAccess.Read);
        int word = stream.ReadByte();
        if (word >= 0)
        {
            return (ExitCode)word;
        }

        Check(Libc.WaitForChild(pid, out int exitCode));
        if (exitCode > 128)
        {
            throw new CommandException(
                ExitCode.MountFailed, $"the serving process was ended by signal {exitCode - 128} before the mount was up");
        }

        return exitCode == 0 ? ExitCode.MountFailed : (ExitCode)exitCode;
    }

    private static string Number(SafeFd fd) => fd.Number.ToString(CultureInfo.InvariantCulture);

    private static FileStream Stream(SafeFd fd, FileAccess access) =>
        new(new Microsoft.Win32.SafeHandles.SafeFileHandle(fd.Number, ownsHandle: false), access, bufferSize: 0);

    private static void Check(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"the serving process cannot be started: {ErrnoText.Of(errno)}");
        }
    }
}
