namespace StackFs.Names;

/// <summary>What a name in a lower directory is (Codecs/Native/FORMAT.md section 3).</summary>
internal enum LowerNameKind
{
    /// <summary>An entry; its upper name was decoded.</summary>
    Name = 0,

    /// <summary>An entry under a hash name: its upper name is in the companion.</summary>
    Long = 1,

    /// <summary>StackFs's own: a companion or the volume's configuration. Not shown.</summary>
    SideFile = 2,

    /// <summary>
    /// Not of this volume. Shown under its lower name, for <c>stat</c> and removal only: opened, listed, followed or
    /// looked into it would let whoever writes the lower storage name files.
    /// </summary>
    Foreign = 3,

    /// <summary>Authentic, and not a name a directory can hold. Not shown; counted as damage.</summary>
    Invalid = 4,

    /// <summary>
    /// Of an eCryptfs tree that the mount shows beside native files (<c>legacy=</c>). No codec of a volume's own says so.
    /// </summary>
    Legacy = 5,
}
