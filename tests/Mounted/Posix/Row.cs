namespace StackFs.Tests.Mounted.Posix;

/// <summary>One behaviour: what is done in an empty directory, and what every Linux filesystem makes of it.</summary>
/// <param name="Name">A phrase that names the behaviour.</param>
/// <param name="Expected">What <paramref name="Body"/> returns, on the plain directory too.</param>
/// <param name="Body">Does it, and returns the answers of interest separated by spaces.</param>
internal sealed record Row(string Name, string Expected, Func<Scene, string> Body)
{
    /// <summary>What FUSE itself answers where it differs from a local filesystem, before any server is asked.</summary>
    public string? ExpectedThroughFuse { get; init; }
}
