using StackFs.Keyring.Client;

namespace StackFs.Cli.Serving;

/// <summary>
/// Stands for the mount while its lease is taken: the lease opens the volume, and without a volume there is no filesystem
/// yet that could give it back.
/// </summary>
internal sealed class LeaseRelay : ILeaseHolder
{
    /// <summary>The mount; set before the lease's thread starts.</summary>
    public ILeaseHolder? Mount { get; set; }

    /// <inheritdoc/>
    public void GiveBack() => Mount?.GiveBack();

    /// <inheritdoc/>
    public void TakeUp() => Mount?.TakeUp();
}
