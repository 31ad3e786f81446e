using StackFs.Names;

namespace StackFs.Operations;

/// <summary>A format's codecs of one thread, and what they share. Owned by the thread's worker.</summary>
/// <param name="names">Names of directory entries.</param>
/// <param name="targets">Targets of symbolic links.</param>
/// <param name="attributes">Extended attributes.</param>
/// <param name="owned">Disposed after them; each may be null.</param>
internal sealed class FormatCodecs(
    INameCodec names, ITargetCodec targets, IAttributeCodec attributes, params IDisposable?[] owned) : IDisposable
{
    /// <summary>Names of directory entries.</summary>
    internal INameCodec Names => names;

    /// <summary>Targets of symbolic links.</summary>
    internal ITargetCodec Targets => targets;

    /// <summary>Extended attributes.</summary>
    internal IAttributeCodec Attributes => attributes;

    /// <summary>Those of eCryptfs entries shown beside the format's own; null where none are.</summary>
    internal LegacyCodecs? Legacy { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        names.Dispose();
        attributes.Dispose();
        foreach (IDisposable? one in owned)
        {
            one?.Dispose();
        }
    }
}
