namespace StackFs.Cli.Conversion;

/// <summary>What a conversion did, or would do.</summary>
internal sealed class ConversionCounts
{
    /// <summary>Directories.</summary>
    internal long Directories { get; set; }

    /// <summary>Regular files, each name of one counted.</summary>
    internal long Files { get; private set; }

    /// <summary>Symbolic links, pipes, sockets and devices.</summary>
    internal long Others { get; private set; }

    /// <summary>Bytes of content.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Bytes of the largest file.</summary>
    internal long Largest { get; private set; }

    /// <summary>Its path.</summary>
    internal string LargestName { get; private set; } = "";

    /// <summary>Entries that could not be converted and stay where they are.</summary>
    internal long Failed { get; set; }

    /// <summary>Counts an entry that is no directory.</summary>
    internal void Add(string name, bool isFile, long size)
    {
        if (!isFile)
        {
            Others++;
            return;
        }

        Files++;
        Bytes += size;
        if (size > Largest)
        {
            (Largest, LargestName) = (size, name);
        }
    }
}
