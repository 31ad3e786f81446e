namespace StackFs.Mounting;

/// <summary>What people are told about a mount's format.</summary>
/// <param name="Name"><c>native</c> or <c>ecryptfs</c>.</param>
/// <param name="Cipher">The cipher of new files.</param>
/// <param name="EncryptsNames">Whether names are encrypted.</param>
/// <param name="Signature">The key of new files; several are separated by commas.</param>
internal sealed record FormatDescription(string Name, string Cipher, bool EncryptsNames, string Signature)
{
    /// <summary>How eCryptfs files beside native ones are shown: <c>read</c>, <c>write</c>; null for not at all.</summary>
    internal string? Legacy { get; init; }
}
