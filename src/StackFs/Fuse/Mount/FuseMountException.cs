using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// A mount could not be made, negotiated or taken away. The message is one line for people: it names the path and says
/// what to do.
/// </summary>
internal sealed class FuseMountException : Exception
{
    /// <summary>Creates one for <paramref name="errno"/>.</summary>
    public FuseMountException(Errno errno, string message)
        : base(message) => Errno = errno;

    /// <summary>What the kernel or the helper answered, as far as it is known.</summary>
    public Errno Errno { get; }
}
