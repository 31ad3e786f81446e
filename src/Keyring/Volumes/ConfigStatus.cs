namespace StackFs.Keyring.Volumes;

/// <summary>What reading or verifying <c>stackfs.conf</c> found (CONFIG.md, "Rules for readers").</summary>
public enum ConfigStatus
{
    /// <summary>It is good.</summary>
    Ok = 0,

    /// <summary>There is none: the directory is not a StackFs volume, or its configuration was lost.</summary>
    Missing,

    /// <summary>Something else has its name.</summary>
    NotAConfig,

    /// <summary>A newer version of StackFs made it.</summary>
    MadeByNewerVersion,

    /// <summary>Cut off, or damaged.</summary>
    Damaged,

    /// <summary>Its slots ask for more memory or time than a reader ever spends.</summary>
    CostTooHigh,

    /// <summary>Its key is right and its MAC is not: somebody without the key changed it.</summary>
    TamperedWith,

    /// <summary>Somebody else changed it meanwhile; nothing was written.</summary>
    ChangedMeanwhile,

    /// <summary>A volume is there already; nothing was written.</summary>
    Exists,

    /// <summary>The key needed is gone.</summary>
    KeyRevoked,

    /// <summary>More slots than a volume has room for, or passphrases that together cost too much.</summary>
    SlotsDoNotFit,

    /// <summary>The system refused; the error number says why.</summary>
    IoError,
}
