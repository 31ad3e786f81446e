namespace StackFs.Keyring.Client;

/// <summary>
/// What holds a lease and can be asked to give the key back: a mount. Called by the lease's own thread, one call at a
/// time, never while the lease is being made.
/// </summary>
public interface ILeaseHolder
{
    /// <summary>
    /// The key is wanted back. Refuse new writes, write out what is dirty (the key still works), invalidate what the
    /// kernel has cached, wait for requests in flight, wipe every key that came from this one. When this returns the
    /// key is wiped; the daemon waits 60 seconds.
    /// </summary>
    void GiveBack();

    /// <summary>The key is there again: go on.</summary>
    void TakeUp();
}
