namespace StackFs.Cli.Serving;

/// <summary>The request lines that a <see cref="StatusServer"/> knows.</summary>
internal static class StatusRequests
{
    /// <summary>What the mount is and what it has counted.</summary>
    public const string Status = "status";

    /// <summary>
    /// Followed by a path relative to the mount point (empty for the mount point itself): about the lower file there.
    /// </summary>
    public const string Info = "info ";

    /// <summary>Asks for the lower directory's stackfs.conf: nothing in it is secret, and the mount may cover it.</summary>
    public const string Config = "config";
}
