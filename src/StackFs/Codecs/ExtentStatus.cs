namespace StackFs.Codecs;

/// <summary>
/// What opening an extent came to; <see cref="CodecErrno"/> turns it into an errno. The names are the classes of
/// Native/FORMAT.md sections 2.2 and 6, and the expected outcomes in tests/Vectors.
/// </summary>
internal enum ExtentStatus
{
    /// <summary>Opened; the plaintext is right.</summary>
    Ok = 0,

    /// <summary>
    /// All zeros. Whether that is a hole or a loss, the header's SPARSE flag says: the caller decides. The plaintext was
    /// filled with zeros.
    /// </summary>
    Hole = 1,

    /// <summary>A count or flag that no writer makes.</summary>
    Malformed = 2,

    /// <summary>Sealed under a file key that the header does not have.</summary>
    NoSuchKey = 3,

    /// <summary>Changed, moved, or from another file: the tag differs.</summary>
    AuthenticationFailed = 4,
}
