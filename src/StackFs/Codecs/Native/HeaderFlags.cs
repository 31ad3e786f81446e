namespace StackFs.Codecs.Native;

/// <summary>The flags of a header (FORMAT.md section 2.1). Persisted: a value never changes meaning.</summary>
[Flags]
internal enum HeaderFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>SPARSE: a zero page before the last extent is a hole.</summary>
    Sparse = 1,

    /// <summary>EPOCH: the epoch of the wrapped FEK; the next FEK has the other one.</summary>
    Epoch = 2,
}
