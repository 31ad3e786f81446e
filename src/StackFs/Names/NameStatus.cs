namespace StackFs.Names;

/// <summary>What encoding an upper name came to; <see cref="NameErrno"/> turns it into an errno.</summary>
internal enum NameStatus
{
    /// <summary>Encoded.</summary>
    Ok = 0,

    /// <summary>Encoded as a hash name: an entry under it needs its companion, created before and removed after it.</summary>
    Long = 1,

    /// <summary>Not a name: empty, <c>.</c>, <c>..</c>, or with a slash or NUL.</summary>
    Invalid = 2,

    /// <summary>Longer than 255 bytes.</summary>
    TooLong = 3,

    /// <summary>A name that StackFs keeps for itself in this directory.</summary>
    Reserved = 4,
}
