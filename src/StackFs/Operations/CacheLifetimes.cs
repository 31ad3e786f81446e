namespace StackFs.Operations;

/// <summary>How long the kernel may keep what it was told, in seconds.</summary>
/// <param name="Attributes">Attributes of an inode.</param>
/// <param name="Entries">That a name is there.</param>
/// <param name="Negatives">That a name is not there; 0 keeps nothing.</param>
internal readonly record struct CacheLifetimes(ulong Attributes, ulong Entries, ulong Negatives)
{
    /// <summary>Nobody else changes the lower directory; bounded so that who does it all the same sees it in the end.</summary>
    internal static CacheLifetimes Exclusive => new(60, 60, 60);

    /// <summary>
    /// Other machines or mounts change the lower directory. Attributes are asked for each time: a program that writes at the
    /// end it was told, under a lock, would overwrite what another has appended. A name that is wrong shows when it is used
    /// (ESTALE), and is looked up again then.
    /// </summary>
    internal static CacheLifetimes Shared => new(0, 1, 0);
}
