using StackFs.Keyring.Interop;

namespace StackFs.Names;

/// <summary>The table from name results to errno (Codecs/Native/FORMAT.md section 6).</summary>
internal static class NameErrno
{
    /// <summary>The errno of a name's status.</summary>
    internal static Errno From(NameStatus status) => status switch
    {
        NameStatus.Ok or NameStatus.Long => Errno.None,
        NameStatus.Invalid => Errno.EINVAL,
        NameStatus.TooLong => Errno.ENAMETOOLONG,
        NameStatus.Reserved => Errno.EPERM,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    /// <summary>The errno of a symlink target's status.</summary>
    internal static Errno From(TargetStatus status) => status switch
    {
        TargetStatus.Ok or TargetStatus.Companion => Errno.None,
        TargetStatus.Invalid => Errno.EINVAL,
        TargetStatus.TooLong => Errno.ENAMETOOLONG,
        TargetStatus.AuthenticationFailed => Errno.EIO,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    /// <summary>The errno of an extended attribute's status.</summary>
    internal static Errno From(XattrStatus status) => status switch
    {
        XattrStatus.Ok or XattrStatus.Long or XattrStatus.PassThrough => Errno.None,
        XattrStatus.Hidden => Errno.ENODATA,
        XattrStatus.Invalid => Errno.EINVAL,
        XattrStatus.TooLong => Errno.ERANGE,
        XattrStatus.ValueTooLong => Errno.E2BIG,
        XattrStatus.AuthenticationFailed => Errno.EIO,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };
}
