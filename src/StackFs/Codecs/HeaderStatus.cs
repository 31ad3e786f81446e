namespace StackFs.Codecs;

/// <summary>
/// What reading a file's header came to; <see cref="CodecErrno"/> turns it into an errno. The names are the classes of
/// Native/FORMAT.md sections 2.1 and 2.4, and the expected outcomes in tests/Vectors.
/// </summary>
internal enum HeaderStatus
{
    /// <summary>A header, and authentic where keys were at hand.</summary>
    Ok = 0,

    /// <summary>No header: nothing was ever written, or none of it reached the disk. The file is empty.</summary>
    Empty = 1,

    /// <summary>Page 0 is zeros and data stands behind it. Nothing is written to such a file.</summary>
    Erased = 2,

    /// <summary>Not this format.</summary>
    NotStackFs = 3,

    /// <summary>A later version of the format.</summary>
    UnknownVersion = 4,

    /// <summary>A cipher suite not known here.</summary>
    UnknownSuite = 5,

    /// <summary>A flag not known here.</summary>
    UnknownFlags = 6,

    /// <summary>A field that no writer makes.</summary>
    Malformed = 7,

    /// <summary>A file of a volume that was not asked for.</summary>
    OtherVolume = 8,

    /// <summary>A key does not unwrap, or the header's MAC differs: changed by somebody else.</summary>
    AuthenticationFailed = 9,

    /// <summary>The volume key was taken away.</summary>
    NoKey = 10,

    /// <summary>Another file's header stands where the caller's was: the lower file was replaced.</summary>
    Replaced = 11,
}
