namespace StackFs.Content;

/// <summary>What a mount decides about all its open files.</summary>
internal sealed record OpenFileOptions
{
    /// <summary>Refuse, with EIO, a file that a crash or an attacker has cut short, instead of reporting it.</summary>
    public bool Strict { get; init; }

    /// <summary>
    /// Sealing leaves the lower file's times as they were. For mounts without writeback caching, where a program sees the
    /// lower times: closing a file must not change the modification time that it has just been told.
    /// </summary>
    public bool KeepTimesOnSeal { get; init; }

    /// <summary>Other clients may write the lower file: a new header is made under its lock, and one found is adopted.</summary>
    public bool Shared { get; init; }
}
