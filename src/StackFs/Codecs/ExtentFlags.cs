namespace StackFs.Codecs;

/// <summary>The flags an extent carries (Native/FORMAT.md section 2.2). Persisted: a value never changes meaning.</summary>
[Flags]
internal enum ExtentFlags : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>FINAL: the extent was the file's last when it was written.</summary>
    Final = 1,

    /// <summary>EPOCH: which of the header's two file keys sealed the extent.</summary>
    Epoch = 2,
}
