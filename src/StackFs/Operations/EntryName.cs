namespace StackFs.Operations;

/// <summary>A directory entry's name on both sides; views of buffers that live as long as the request.</summary>
internal readonly ref struct EntryName
{
    /// <summary>Pairs the two.</summary>
    internal EntryName(ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lower, bool isLong)
    {
        Upper = upper;
        Lower = lower;
        IsLong = isLong;
    }

    /// <summary>As programs write it.</summary>
    internal ReadOnlySpan<byte> Upper { get; }

    /// <summary>As the lower directory has it.</summary>
    internal ReadOnlySpan<byte> Lower { get; }

    /// <summary>True when the lower name is a hash, with a companion beside it that holds the whole name.</summary>
    internal bool IsLong { get; }
}
