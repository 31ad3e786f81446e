using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;
using StackFs.Mounting;

namespace StackFs.Cli.Serving;

/// <summary>A volume that is ready to be served. Disposing closes its lower directory and wipes its keys, in that order.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Volume">The volume, unlocked; null for a tree of another format, whose keys the filesystem owns.</param>
/// <param name="LowerRoot">Its lower directory, opened before a mount could cover it.</param>
/// <param name="Filesystem">Its tree.</param>
internal sealed record OpenedVolume(
    MountOptions Options, Volume? Volume, SafeFd LowerRoot, StackFsFilesystem Filesystem) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Filesystem.Dispose();
        LowerRoot.Dispose();
        Volume?.Dispose();
    }
}
