using StackFs.Keyring.Interop;

namespace StackFs.Lower;

/// <summary>
/// A descriptor that <see cref="DescriptorCache"/> may close while nobody has it pinned. Pinning takes no lock.
/// </summary>
internal sealed class CachedDescriptor
{
    private const int Closed = -1;

    private int _pins;
    private bool _isTransient;

    /// <summary>Takes ownership of <paramref name="fd"/>; starts with one pin, the caller's.</summary>
    internal CachedDescriptor(SafeFd fd)
    {
        Fd = fd;
        _pins = 1;
    }

    /// <summary>The descriptor; to be used between <see cref="TryPin"/> and <see cref="Unpin"/> only.</summary>
    internal SafeFd Fd { get; }

    /// <summary>Set by every pin, cleared by the cache's hand: what was used since the hand passed is spared once.</summary>
    internal bool IsRecent { get; set; }

    /// <summary>Where the cache keeps it, or -1; guarded by the cache's lock.</summary>
    internal int Slot { get; set; } = -1;

    /// <summary>Keeps the descriptor open until <see cref="Unpin"/>; false when it was closed.</summary>
    internal bool TryPin()
    {
        int pins = Volatile.Read(ref _pins);
        while (pins != Closed)
        {
            int seen = Interlocked.CompareExchange(ref _pins, pins + 1, pins);
            if (seen == pins)
            {
                IsRecent = true;
                return true;
            }

            pins = seen;
        }

        return false;
    }

    /// <summary>Gives one pin back.</summary>
    internal void Unpin()
    {
        if (Interlocked.Decrement(ref _pins) == 0 && _isTransient)
        {
            _ = TryClose();
        }
    }

    /// <summary>No cache takes it: the last pin given back closes it. Called by the one that made it, still pinned.</summary>
    internal void CloseWhenUnpinned() => _isTransient = true;

    /// <summary>Closes the descriptor unless somebody has it pinned.</summary>
    internal bool TryClose()
    {
        if (Interlocked.CompareExchange(ref _pins, Closed, 0) != 0)
        {
            return false;
        }

        Fd.Dispose();
        return true;
    }
}
