namespace StackFs.Cli.Output;

/// <summary>Questions to the person at the terminal, wherever the standard streams lead.</summary>
internal static class Terminal
{
    /// <summary>Asks one question and reads one line.</summary>
    /// <returns>The line in lower case and without blanks around it; null where there is no terminal.</returns>
    public static string? Ask(string question) => AskText(question)?.ToLowerInvariant();

    /// <summary>As <see cref="Ask"/>, with the line's own case.</summary>
    public static string? AskText(string question)
    {
        FileStream terminal;
        try
        {
            terminal = new FileStream("/dev/tty", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        using (terminal)
        using (StreamWriter writer = new(terminal, leaveOpen: true))
        using (StreamReader reader = new(terminal, leaveOpen: true))
        {
            writer.Write(question);
            writer.Flush();
            return reader.ReadLine()?.Trim() ?? string.Empty;
        }
    }
}
