using StackFs.Keyring.Interop;

namespace StackFs.Codecs;

/// <summary>The one table from codec results to errno (Native/FORMAT.md section 6).</summary>
internal static class CodecErrno
{
    /// <summary>The errno of a header's status.</summary>
    internal static Errno From(HeaderStatus status) => status switch
    {
        HeaderStatus.Ok or HeaderStatus.Empty => Errno.None,
        HeaderStatus.UnknownVersion or HeaderStatus.UnknownSuite or HeaderStatus.UnknownFlags => Errno.EOPNOTSUPP,
        HeaderStatus.OtherVolume or HeaderStatus.NoKey => Errno.ENOKEY,
        HeaderStatus.Replaced => Errno.ESTALE,
        HeaderStatus.Erased or HeaderStatus.NotStackFs or HeaderStatus.Malformed
            or HeaderStatus.AuthenticationFailed => Errno.EIO,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    /// <summary>The errno of an extent's status.</summary>
    /// <param name="status">What opening it came to.</param>
    /// <param name="isSparse">Whether the file's header has SPARSE, which makes a zero page a hole.</param>
    internal static Errno From(ExtentStatus status, bool isSparse) => status switch
    {
        ExtentStatus.Ok => Errno.None,
        ExtentStatus.Hole => isSparse ? Errno.None : Errno.EIO,
        ExtentStatus.Malformed or ExtentStatus.NoSuchKey or ExtentStatus.AuthenticationFailed => Errno.EIO,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };
}
