using StackFs.Codecs.Ecryptfs;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Content.Ecryptfs;

/// <summary>
/// The one extended attribute of a lower file that the eCryptfs format knows, <c>user.ecryptfs</c>. Safe on any thread.
/// </summary>
internal abstract class LowerAttributes
{
    /// <summary>Reads the value into a buffer of 4,096 bytes or more.</summary>
    /// <param name="value">Receives it.</param>
    /// <param name="length">Its length; 0 when there is none.</param>
    /// <returns>None also when the file has no such attribute, or the lower filesystem none at all.</returns>
    internal abstract Errno Read(Span<byte> value, out int length);

    /// <summary>Sets the value. EOPNOTSUPP where the lower filesystem has no user attributes; ENOSPC, EDQUOT.</summary>
    internal abstract Errno Write(ReadOnlySpan<byte> value);
}

/// <summary>The attribute through the lower file's open descriptor, which stays its owner's.</summary>
internal sealed class DescriptorAttributes(SafeFd fd) : LowerAttributes
{
    /// <inheritdoc/>
    internal override Errno Read(Span<byte> value, out int length)
    {
        Errno error = Libc.GetXattr(fd, [], EcryptfsFormat.AttributeName, value, out length);
        switch (error)
        {
            case Errno.None:
                return Errno.None;
            case Errno.ENODATA or Errno.EOPNOTSUPP or Errno.ERANGE:
                // Longer than 4,096 octets is none of ours.
                length = 0;
                return Errno.None;
            default:
                length = 0;
                return error;
        }
    }

    /// <inheritdoc/>
    internal override Errno Write(ReadOnlySpan<byte> value) =>
        Libc.SetXattr(fd, [], EcryptfsFormat.AttributeName, value, 0);
}
