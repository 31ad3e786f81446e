namespace StackFs.Cli;

/// <summary>
/// A command cannot go on. Caught once, in <see cref="Program"/>, which prints <see cref="Exception.Message"/> as one
/// line and each hint below it.
/// </summary>
internal sealed class CommandException : Exception
{
    /// <summary>Ends the command.</summary>
    /// <param name="code">What the shell is told.</param>
    /// <param name="message">One line that names the file or option, without a full stop.</param>
    /// <param name="hints">What the reader can do, one line each.</param>
    public CommandException(ExitCode code, string message, params IReadOnlyList<string> hints)
        : base(message)
    {
        Code = code;
        Hints = hints;
    }

    /// <summary>What the shell is told.</summary>
    public ExitCode Code { get; }

    /// <summary>What the reader can do, one line each.</summary>
    public IReadOnlyList<string> Hints { get; }
}
