namespace StackFs.Keyring.Volumes;

/// <summary>How the volume's lower names are written. The numbers are stored and never change.</summary>
public enum NamesMode : byte
{
    /// <summary>Encrypted.</summary>
    Encrypted = 1,

    /// <summary>As they are.</summary>
    Plain = 2,
}

/// <summary>The format of new files. The numbers are stored and never change.</summary>
public enum FileFormat : byte
{
    /// <summary>StackFs's own.</summary>
    Native = 1,
}

/// <summary>What is decided for a whole volume when it is made.</summary>
/// <param name="Names">How lower names are written.</param>
/// <param name="Format">The format of new files.</param>
public readonly record struct VolumeSettings(NamesMode Names, FileFormat Format)
{
    /// <summary>Encrypted names, native format.</summary>
    public static VolumeSettings Default { get; } = new(NamesMode.Encrypted, FileFormat.Native);
}
