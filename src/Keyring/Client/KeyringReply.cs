using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;

namespace StackFs.Keyring.Client;

/// <summary>What a request to the daemon came to.</summary>
/// <param name="Error">
/// None; or why there was no answer: ENOENT and ECONNREFUSED when no daemon runs, ETIMEDOUT when it hangs, EPERM when it
/// is another user's, EPROTO when it answers nonsense or closes the connection, ENOKEY when the lease to send was revoked.
/// </param>
/// <param name="Reason">Why the daemon refused, where it answered.</param>
public readonly record struct KeyringReply(Errno Error, RefusalReason Reason)
{
    /// <summary>Whether it was done.</summary>
    public bool IsOk => Error == Errno.None && Reason == RefusalReason.None;

    internal static KeyringReply Failed(Errno error) => new(error, RefusalReason.None);
}
