using StackFs.Keyring.Interop;

namespace StackFs.Keyring.Secrets;

/// <summary>
/// Memory for secrets could not be had. There is no unlocked fallback: a key that may be swapped out is worse than a
/// message that says which limit to raise.
/// </summary>
public sealed class SecretMemoryException : Exception
{
    /// <summary>A failure without a message; use the other constructors.</summary>
    public SecretMemoryException()
    {
    }

    /// <summary>A failure that <paramref name="message"/> explains.</summary>
    public SecretMemoryException(string message)
        : base(message)
    {
    }

    /// <summary>A failure that <paramref name="message"/> explains, with its cause.</summary>
    public SecretMemoryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A failed system call.</summary>
    /// <param name="message">One line for a person.</param>
    /// <param name="error">What the kernel answered.</param>
    public SecretMemoryException(string message, Errno error)
        : base(message) => Error = error;

    /// <summary>What the kernel answered; ENOMEM where no call failed.</summary>
    public Errno Error { get; } = Errno.ENOMEM;
}
