using System.Globalization;
using System.Text;
using StackFs.Cli.Commands;
using StackFs.Cli.Interop;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Keys;

/// <summary>
/// Starts a keyring daemon for a command that needs one: this executable again, under the daemon's name, with a pipe on
/// which it says that it listens, or why it cannot.
/// </summary>
/// <remarks>
/// Of two commands that start one at the same time both are told that a daemon listens: the second daemon finds the
/// first and leaves.
/// </remarks>
internal static class DaemonLauncher
{
    private const int LongestWord = 4096;

    /// <summary>What starting may take; a daemon that hangs while it starts is told from a slow machine by this alone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Starts a daemon, and returns when it listens.</summary>
    /// <exception cref="CommandException">It cannot be started, and says why.</exception>
    public static void Start()
    {
        Check(Posix.Pipe(out SafeFd wordRead, out SafeFd wordWrite));
        using (wordRead)
        {
            using (wordWrite)
            {
                string number = wordWrite.Number.ToString(CultureInfo.InvariantCulture);
                Check(Libc.Spawn(
                    Environment.ProcessPath!,
                    [DaemonCommand.Name, DaemonCommand.OnDemand, number],
                    RuntimeSettings.ForDaemon,
                    [(wordWrite, wordWrite.Number)],
                    out int pid));
                Reap(pid);
            }

            Read(wordRead);
        }
    }

    /// <summary>The daemon's word: <see cref="ExitCode.Success"/> alone, or another and the message.</summary>
    public static byte[] Word(ExitCode code, string message) => [(byte)code, .. Encoding.UTF8.GetBytes(message)];

    private static void Read(SafeFd wordRead)
    {
        using FileStream stream = new(
            new Microsoft.Win32.SafeHandles.SafeFileHandle(wordRead.Number, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        byte[] word = new byte[LongestWord];
        int length = 0;
        do
        {
            if (Posix.WaitForInput(wordRead, Patience) == Errno.ETIMEDOUT)
            {
                throw Failed("it does not answer");
            }

            int count = stream.Read(word, length, word.Length - length);
            if (count == 0)
            {
                throw Failed(length == 0 ? "it ended before it answered" : Encoding.UTF8.GetString(word, 1, length - 1));
            }

            length += count;
        }
        while (word[0] != (byte)ExitCode.Success);
    }

    /// <summary>A process that lives as long as the daemon, such as one that serves a mount, leaves no zombie of it.</summary>
    private static void Reap(int pid)
    {
        Thread thread = new(() => _ = Libc.WaitForChild(pid, out _), 64 * 1024) { IsBackground = true, Name = "keyring daemon" };
        thread.Start();
    }

    private static CommandException Failed(string why) => KeyringService.Failed($"the keyring daemon cannot be started: {why}");

    private static void Check(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw Failed(ErrnoText.Of(errno));
        }
    }
}
