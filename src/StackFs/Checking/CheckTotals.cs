namespace StackFs.Checking;

/// <summary>What a check went through. Counted by several threads.</summary>
internal sealed class CheckTotals
{
    private long _directories;
    private long _files;
    private long _others;
    private long _bytes;

    /// <summary>Directories.</summary>
    internal long Directories => Interlocked.Read(ref _directories);

    /// <summary>Regular files.</summary>
    internal long Files => Interlocked.Read(ref _files);

    /// <summary>Symbolic links and special files.</summary>
    internal long Others => Interlocked.Read(ref _others);

    /// <summary>Lower bytes of content that were read and verified.</summary>
    internal long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Counts one directory.</summary>
    internal void AddDirectory() => Interlocked.Increment(ref _directories);

    /// <summary>Counts files that were checked.</summary>
    internal void AddFiles(long count) => Interlocked.Add(ref _files, count);

    /// <summary>Counts one entry of another type.</summary>
    internal void AddOther() => Interlocked.Increment(ref _others);

    /// <summary>Counts bytes verified.</summary>
    internal void AddBytes(long count) => Interlocked.Add(ref _bytes, count);
}
