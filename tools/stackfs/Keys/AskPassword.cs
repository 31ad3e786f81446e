using StackFs.Cli.Interop;
using StackFs.Cli.Output;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Sources;

namespace StackFs.Cli.Keys;

/// <summary>
/// Asks where no terminal is, through systemd-ask-password(1): its agents show the question at boot, on the console, on the
/// desktop.
/// </summary>
internal static class AskPassword
{
    private const string ProgramName = "systemd-ask-password";

    /// <summary>
    /// Whether a process without a terminal asks in this way without being told to: one that systemd runs for root. Any other
    /// would wait for an agent that nobody looks at.
    /// </summary>
    public static bool IsExpected =>
        Posix.EffectiveUser == 0
        && Environment.GetEnvironmentVariable("INVOCATION_ID") is { Length: > 0 }
        && Directory.Exists("/run/systemd/system");

    /// <summary>Asks, and waits as long as the program does (90 seconds).</summary>
    /// <param name="what">What the passphrase opens, for errors.</param>
    /// <param name="question">Shown as it is.</param>
    /// <returns>The passphrase, which the caller disposes.</returns>
    /// <exception cref="CommandException">The program is not there, or nobody answers.</exception>
    public static SecretBuffer Ask(string what, string question)
    {
        Check(Posix.Pipe(out SafeFd read, out SafeFd write));
        using (read)
        {
            int pid;
            using (write)
            {
                Errno errno = Libc.Spawn(
                    ProgramName, [ProgramName, "--id=stackfs:" + what, "--icon=drive-harddisk", question.TrimEnd(' ', ':')], [], [(write, 1)], out pid);
                if (errno == Errno.ENOENT)
                {
                    throw new CommandException(ExitCode.KeyMissing, $"{what}: there is no {ProgramName} to ask for the passphrase");
                }

                Check(errno);
            }

            SecretReadResult result = SecretReader.FromDescriptor(read.Number, out SecretBuffer? secret);
            Check(Libc.WaitForChild(pid, out int exitCode));
            if (exitCode == 0 && result.IsOk)
            {
                return secret!;
            }

            secret?.Dispose();
            throw new CommandException(
                ExitCode.KeyMissing,
                result.Status == SecretReadStatus.TooLong
                    ? $"{what}: the passphrase is longer than one may be"
                    : $"{what}: nobody answered when {ProgramName} asked for the passphrase");
        }
    }

    private static void Check(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"{ProgramName} cannot be started: {ErrnoText.Of(errno)}");
        }
    }
}
