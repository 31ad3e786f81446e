namespace StackFs.Cli;

/// <summary>
/// What a command answers to the shell. docs/exit-codes.md lists the same numbers; a number never changes its meaning,
/// and one that is retired stays reserved.
/// </summary>
internal enum ExitCode
{
    /// <summary>It was done.</summary>
    Success = 0,

    /// <summary>The system refused, for a reason that has no number of its own; the message says which.</summary>
    Failure = 1,

    /// <summary>The command line is wrong: an unknown command, option or value.</summary>
    Usage = 2,

    /// <summary>A file or directory that was named is not there, or is of another kind.</summary>
    NotFound = 3,

    /// <summary>The directory is not a StackFs volume, or the file is not a StackFs lower file.</summary>
    NotAVolume = 4,

    /// <summary>A configuration, header or extent is damaged or was tampered with.</summary>
    Damaged = 5,

    /// <summary>No key was given and nobody can be asked.</summary>
    KeyMissing = 6,

    /// <summary>The key does not open this volume or file.</summary>
    KeyWrong = 7,

    /// <summary>The volume is not one that this user knows, or not the one that was expected here.</summary>
    VolumeNotTrusted = 8,

    /// <summary>The kernel or fusermount3 refused to mount.</summary>
    MountFailed = 9,

    /// <summary>Nothing of ours is mounted there.</summary>
    NotMounted = 10,

    /// <summary>The mount is in use, or another mount writes to the lower directory.</summary>
    Busy = 11,

    /// <summary>The caller may not do this.</summary>
    NotPermitted = 12,

    /// <summary>It is there already: a volume to be made, or a mount.</summary>
    Exists = 13,

    /// <summary>The keyring daemon cannot be reached or started, or does not answer.</summary>
    KeyringFailed = 14,

    /// <summary>The keyring does not hold the key that was named.</summary>
    NoSuchKey = 15,

    /// <summary>A bug: an exception that nobody expected.</summary>
    Internal = 70,

    /// <summary>Interrupted from the keyboard.</summary>
    Interrupted = 130,
}
