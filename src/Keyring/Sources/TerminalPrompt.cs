using System.Runtime.InteropServices;
using System.Text;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Sources;

/// <summary>
/// Asks for a passphrase on the terminal with echo off. Echo comes back also when a signal ends or stops the program
/// meanwhile. The kernel's line editing serves: a line is at most 4,095 bytes.
/// </summary>
public sealed class TerminalPrompt : IDisposable
{
    private readonly SafeFd _terminal;
    private readonly Lock _gate = new();
    private Posix.TerminalAttributes _saved;
    private bool _silent;

    internal TerminalPrompt(SafeFd terminal) => _terminal = terminal;

    /// <summary>Opens the controlling terminal; ENXIO where there is none to ask on.</summary>
    public static Errno Open(out TerminalPrompt? prompt)
    {
        Errno error = Posix.OpenTerminal("/dev/tty", out SafeFd terminal);
        prompt = error == Errno.None ? new TerminalPrompt(terminal) : null;
        if (prompt is null)
        {
            terminal.Dispose();
        }

        return error;
    }

    /// <summary>Shows <paramref name="question"/> and reads a line.</summary>
    /// <param name="question">Shown as it is, without a line end.</param>
    /// <param name="secret">The line without its end, which the caller disposes.</param>
    public SecretReadResult Read(string question, out SecretBuffer? secret)
    {
        secret = null;
        Errno error = Posix.GetTerminalAttributes(_terminal, out _saved);
        if (error != Errno.None)
        {
            return new SecretReadResult(SecretReadStatus.IoError, error, false);
        }

        using PosixSignalRegistration interrupt = Restoring(PosixSignal.SIGINT);
        using PosixSignalRegistration terminate = Restoring(PosixSignal.SIGTERM);
        using PosixSignalRegistration hangUp = Restoring(PosixSignal.SIGHUP);
        using PosixSignalRegistration quit = Restoring(PosixSignal.SIGQUIT);
        using PosixSignalRegistration stop = Restoring(PosixSignal.SIGTSTP);
        using PosixSignalRegistration resume = PosixSignalRegistration.Create(
            PosixSignal.SIGCONT, _ => SilenceAgain());
        try
        {
            error = Silence();
            error = error == Errno.None ? Posix.WriteAll(_terminal, Encoding.UTF8.GetBytes(question)) : error;
            if (error != Errno.None)
            {
                return new SecretReadResult(SecretReadStatus.IoError, error, false);
            }

            SecretReadResult result = SecretReader.ReadLine(_terminal, out secret, out bool ended);
            return ended && !result.IsOk ? result with { Status = SecretReadStatus.Cancelled } : result;
        }
        finally
        {
            Restore();
            _ = Posix.WriteAll(_terminal, "\n"u8); // The one typed was not echoed; a closed terminal needs none.
        }
    }

    /// <summary>Closes the terminal.</summary>
    public void Dispose() => _terminal.Dispose();

    /// <summary>The signal's own effect follows when the handler returns.</summary>
    private PosixSignalRegistration Restoring(PosixSignal signal) => PosixSignalRegistration.Create(signal, _ => Restore());

    private Errno Silence()
    {
        lock (_gate)
        {
            _silent = true;
            return Posix.SetTerminalAttributes(_terminal, _saved.WithoutEcho(), discardInput: true);
        }
    }

    private void SilenceAgain()
    {
        lock (_gate)
        {
            if (_silent)
            {
                _ = Posix.SetTerminalAttributes(_terminal, _saved.WithoutEcho(), discardInput: false);
            }
        }
    }

    private void Restore()
    {
        lock (_gate)
        {
            _ = Posix.SetTerminalAttributes(_terminal, _saved, discardInput: false); // Gone: nothing to restore.
            _silent = false;
        }
    }
}
