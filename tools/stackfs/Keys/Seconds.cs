using System.Globalization;

namespace StackFs.Cli.Keys;

/// <summary>Times as people write and read them.</summary>
internal static class Seconds
{
    private const uint Minute = 60;
    private const uint Hour = 60 * Minute;
    private const uint Day = 24 * Hour;

    /// <summary>Parses a number of seconds, or of minutes, hours or days with <c>m</c>, <c>h</c>, <c>d</c>.</summary>
    /// <param name="text">The text; null means 0.</param>
    /// <param name="option">Where it stands, for the error.</param>
    /// <exception cref="CommandException">It is none, or more than 136 years.</exception>
    public static uint Parse(string? text, string option)
    {
        if (text is null)
        {
            return 0;
        }

        uint unit = text.LastOrDefault() switch { 's' => 1, 'm' => Minute, 'h' => Hour, 'd' => Day, _ => 0 };
        ReadOnlySpan<char> digits = unit == 0 ? text : text.AsSpan(0, text.Length - 1);
        return uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            && (ulong)number * Math.Max(unit, 1) <= uint.MaxValue
                ? number * Math.Max(unit, 1)
                : throw new CommandException(ExitCode.Usage, $"{option}: a number of seconds is wanted, or 15m, 8h, 2d, not '{text}'");
    }

    /// <summary>The two largest units of a time, as <c>2h 5m</c>.</summary>
    public static string Text(TimeSpan time) => time switch
    {
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d {time.Hours}h"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Hours}h {time.Minutes}m"),
        { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m {time.Seconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.Seconds}s"),
    };
}
