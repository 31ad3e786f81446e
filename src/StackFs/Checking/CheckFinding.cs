namespace StackFs.Checking;

/// <summary>What a check finds. The names stand in <c>stackfs check --json</c>: they are added to, never changed.</summary>
internal enum CheckKind
{
    /// <summary>The file could not be read: an error of the lower filesystem.</summary>
    Unreadable,

    /// <summary>The configuration is not there.</summary>
    ConfigMissing,

    /// <summary>The configuration is damaged, or changed by somebody without the key.</summary>
    ConfigDamaged,

    /// <summary>A name that is not one of the volume's: shown as it is, and not opened.</summary>
    ForeignName,

    /// <summary>A name that decrypts to something that cannot be a name; left out of listings.</summary>
    InvalidName,

    /// <summary>The side file of a long name is missing or wrong: the entry is left out of listings.</summary>
    LostLongName,

    /// <summary>A side file that nothing needs.</summary>
    StraySideFile,

    /// <summary>A symbolic link whose target does not authenticate, or whose side file is missing or wrong.</summary>
    DamagedLink,

    /// <summary>An extended attribute that does not authenticate.</summary>
    DamagedAttribute,

    /// <summary>A file that is not StackFs's, under a name that is.</summary>
    NotStackFs,

    /// <summary>A file of another volume.</summary>
    OtherVolume,

    /// <summary>A file made by a later version.</summary>
    NewerVersion,

    /// <summary>The header is damaged where slots and other things that others repeat stand, and can be made whole.</summary>
    TornHeader,

    /// <summary>The header is damaged: the file cannot be opened.</summary>
    DamagedHeader,

    /// <summary>The header is zeros with extents behind it: the file cannot be opened.</summary>
    ErasedHeader,

    /// <summary>The header never reached the disk, and nothing else did: an empty file.</summary>
    LostHeader,

    /// <summary>Extents that do not authenticate.</summary>
    DamagedExtents,

    /// <summary>Extents that are zeros in a file without holes.</summary>
    ErasedExtents,

    /// <summary>The file does not end where it was last written to end: a crash, or somebody cut it.</summary>
    CutShort,

    /// <summary>The lower size does not tell the upper one, as a crash leaves it; the end itself is whole.</summary>
    NotSealed,

    /// <summary>An extent before the last says that it is the last: a crash, harmless.</summary>
    StaleEnd,
}

/// <summary>How much a finding matters.</summary>
internal enum CheckWeight
{
    /// <summary>Nothing is wrong with the volume's own data.</summary>
    Note,

    /// <summary>Left by a crash; no data is lost by it.</summary>
    Untidy,

    /// <summary>Data is lost, or was changed by somebody.</summary>
    Damage,
}

/// <summary>One finding.</summary>
/// <param name="Kind">What.</param>
/// <param name="Path">The upper path as far as it is known, else the lower one.</param>
/// <param name="LowerPath">The lower path from the lower root.</param>
/// <param name="Detail">More of it in words, or empty.</param>
/// <param name="IsRepaired">Whether it was put right.</param>
internal sealed record CheckFinding(CheckKind Kind, string Path, string LowerPath, string Detail, bool IsRepaired)
{
    /// <summary>How much it matters.</summary>
    internal CheckWeight Weight => Kind switch
    {
        CheckKind.ForeignName => CheckWeight.Note,
        CheckKind.StraySideFile or CheckKind.NotSealed or CheckKind.StaleEnd or CheckKind.LostHeader => CheckWeight.Untidy,
        _ => CheckWeight.Damage,
    };
}
