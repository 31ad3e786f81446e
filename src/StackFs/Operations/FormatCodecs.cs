using StackFs.Names;

namespace StackFs.Operations;

/// <summary>A format's codecs of one thread, and what they share. Owned by the thread's worker.</summary>
/// <param name="names">Names of directory entries.</param>
/// <param name="targets">Targets of symbolic links.</param>
/// <param name="attributes">Extended attributes.</param>
/// <param name="owned">Disposed after them; may be null.</param>
internal sealed class FormatCodecs(
    INameCodec names, ITargetCodec targets, IAttributeCodec attributes, IDisposable? owned) : IDisposable
{
    /// <summary>Names of directory entries.</summary>
    internal INameCodec Names => names;

    /// <summary>Targets of symbolic links.</summary>
    internal ITargetCodec Targets => targets;

    /// <summary>Extended attributes.</summary>
    internal IAttributeCodec Attributes => attributes;

    /// <inheritdoc/>
    public void Dispose()
    {
        names.Dispose();
        attributes.Dispose();
        owned?.Dispose();
    }
}
