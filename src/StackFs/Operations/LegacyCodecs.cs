using StackFs.Names;

namespace StackFs.Operations;

/// <summary>How an eCryptfs tree writes names and targets, in a mount that shows one beside native files. One thread's.</summary>
/// <param name="names">Names of directory entries.</param>
/// <param name="targets">Targets of symbolic links.</param>
/// <param name="encryptsNames">Whether names are encrypted, so that one that decodes is known for what it is.</param>
internal sealed class LegacyCodecs(INameCodec names, ITargetCodec targets, bool encryptsNames)
{
    /// <summary>Names of directory entries.</summary>
    internal INameCodec Names => names;

    /// <summary>Targets of symbolic links.</summary>
    internal ITargetCodec Targets => targets;

    /// <summary>Whether names are encrypted.</summary>
    internal bool EncryptsNames => encryptsNames;
}
