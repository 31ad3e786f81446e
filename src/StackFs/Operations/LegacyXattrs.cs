using StackFs.Codecs.Ecryptfs;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>
/// <c>user.</c> attributes that an eCryptfs tree keeps as they are, in a mount that shows one beside native files. An encrypted
/// one of the same name counts before them, and setting one makes it encrypted.
/// </summary>
internal static class LegacyXattrs
{
    // linux/xattr.h, XATTR_CREATE and XATTR_REPLACE.
    private const uint Create = 1;
    private const uint Replace = 2;

    /// <summary>Whether a name may be such an attribute's.</summary>
    internal static bool Applies(OperationWorker worker, ReadOnlySpan<byte> upper) =>
        worker.Legacy is not null
        && upper.StartsWith("user."u8)
        && !upper.StartsWith("user.stackfs."u8)
        && !upper.SequenceEqual(EcryptfsFormat.AttributeName);

    /// <summary>Whether a file has one.</summary>
    internal static bool IsThere(OperationWorker worker, in LowerAddress address, ReadOnlySpan<byte> upper) =>
        Applies(worker, upper) && Libc.GetXattr(address.Directory, address.Name, upper, default, out _) == Errno.None;

    /// <summary>Whether one from a lower list is shown: no encrypted one has its name.</summary>
    internal static bool IsShown(OperationWorker worker, in LowerAddress address, ReadOnlySpan<byte> name) =>
        Applies(worker, name)
        && worker.Attributes.EncodeName(name, worker.FirstName, out int length) is XattrStatus.Ok or XattrStatus.Long
        && Libc.GetXattr(address.Directory, address.Name, worker.FirstName.AsSpan(0, length), default, out _) == Errno.ENODATA;

    /// <summary>What setxattr(2)'s flags come to for an encrypted attribute whose plain form is there.</summary>
    internal static Errno Flags(ref uint flags)
    {
        if ((flags & Create) != 0)
        {
            return Errno.EEXIST;
        }

        flags &= ~Replace;
        return Errno.None;
    }
}
