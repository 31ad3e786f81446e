using StackFs.Codecs;

namespace StackFs.Cli.Inspection;

/// <summary>What a lower file's header status means to people.</summary>
internal static class HeaderErrors
{
    /// <summary>A few words.</summary>
    public static string Explain(HeaderStatus status) => status switch
    {
        HeaderStatus.Empty or HeaderStatus.Erased => "the header is erased, and data stands behind it",
        HeaderStatus.NotStackFs => "not a StackFs file",
        HeaderStatus.UnknownVersion or HeaderStatus.UnknownSuite or HeaderStatus.UnknownFlags =>
            "made by a newer version of StackFs",
        _ => "the header is damaged",
    };

    /// <summary>The error of a command that needs the header.</summary>
    public static CommandException Of(HeaderStatus status, string path) => new(
        status is HeaderStatus.NotStackFs or HeaderStatus.UnknownVersion or HeaderStatus.UnknownSuite or HeaderStatus.UnknownFlags
            ? ExitCode.NotAVolume
            : ExitCode.Damaged,
        $"{path}: {Explain(status)}");
}
