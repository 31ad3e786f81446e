namespace StackFs.Cli.Output;

/// <summary>
/// What people are told on standard error. Results go to standard output and never through here, so that
/// <c>stackfs … | …</c> carries results alone.
/// </summary>
internal static class Messages
{
    [ThreadStatic]
    private static bool _withoutWarnings;

    /// <summary>The name this process was called by; it opens each line, as with other commands.</summary>
    public static string CalledAs { get; set; } = "stackfs";

    /// <summary>An error: one line, then hints.</summary>
    public static void Error(string message, IReadOnlyList<string> hints)
    {
        Line($"{CalledAs}: {message}");
        foreach (string hint in hints)
        {
            Line($"  {hint}");
        }
    }

    /// <summary>Something that the reader should know and that stops nothing.</summary>
    public static void Warning(string message)
    {
        if (!_withoutWarnings)
        {
            Line($"{CalledAs}: warning: {message}");
        }
    }

    /// <summary>Does something on this thread whose warnings would tell nobody anything.</summary>
    public static T WithoutWarnings<T>(Func<T> work)
    {
        _withoutWarnings = true;
        try
        {
            return work();
        }
        finally
        {
            _withoutWarnings = false;
        }
    }

    /// <summary>What has been done.</summary>
    public static void Note(string message) => Line(message);

    private static void Line(string text)
    {
        try
        {
            Console.Error.WriteLine(Printable(text));
        }
        catch (IOException)
        {
            // Standard error is closed or full: there is nowhere left to say so, and the exit code still tells.
        }
    }

    /// <summary>A file name may hold control characters; on a terminal they must not act.</summary>
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString())) : text;
}
