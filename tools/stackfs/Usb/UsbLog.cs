using StackFs.Cli.Output;

namespace StackFs.Cli.Usb;

/// <summary>
/// One line for each thing that happens to a stick: on standard error, which a unit leads into the journal, or in the
/// system's log where udev itself has started us and standard error leads nowhere.
/// </summary>
internal sealed class UsbLog : IDisposable
{
    private readonly ServerLog? _system;

    /// <summary>A log.</summary>
    /// <param name="toSystemLog">Write to the system's log.</param>
    public UsbLog(bool toSystemLog)
    {
        _system = toSystemLog ? new ServerLog() : null;
        _system?.Detach();
    }

    /// <summary>One line.</summary>
    public void Write(string line)
    {
        if (_system is null)
        {
            Messages.Note($"{Messages.CalledAs}: {line}");
        }
        else
        {
            _system.Write(line);
        }
    }

    /// <summary>Closes the way to the system's log.</summary>
    public void Dispose() => _system?.Dispose();
}
