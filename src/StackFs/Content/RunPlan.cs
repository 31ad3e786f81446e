namespace StackFs.Content;

/// <summary>
/// What one run of a write touches: its extents, the file's size before and after, and what becomes of the extent that was
/// the last (Codecs/Native/FORMAT.md 2.6 rule 3).
/// </summary>
internal readonly struct RunPlan
{
    private readonly long _upperOffset;
    private readonly long _end;

    /// <summary>Plans a write of <paramref name="length"/> bytes, at least 1, to a file of <paramref name="oldSize"/>.</summary>
    public RunPlan(long oldSize, long upperOffset, int length)
    {
        _upperOffset = upperOffset;
        _end = upperOffset + length;
        OldSize = oldSize;
        NewSize = Math.Max(oldSize, _end);
        OldLast = ExtentLayout.LastIndexOf(oldSize);
        NewLast = ExtentLayout.LastIndexOf(NewSize);
        First = ExtentLayout.IndexOf(upperOffset);
        Last = ExtentLayout.IndexOf(_end - 1);
        RunFirst = NewLast > OldLast && OldLast >= 0 && OldLast == First - 1 ? OldLast : First;
    }

    private RunPlan(in RunPlan plan)
    {
        this = plan;
        RunFirst = First;
    }

    /// <summary>The size before.</summary>
    public long OldSize { get; }

    /// <summary>The size after, if all of it gets written.</summary>
    public long NewSize { get; }

    /// <summary>The file's last extent before, or -1.</summary>
    public long OldLast { get; }

    /// <summary>The file's last extent after.</summary>
    public long NewLast { get; }

    /// <summary>The first extent that receives bytes.</summary>
    public long First { get; }

    /// <summary>The last extent that receives bytes.</summary>
    public long Last { get; }

    /// <summary>The run's first extent: <see cref="First"/>, or the old last one when that is its neighbour.</summary>
    public long RunFirst { get; }

    /// <summary>Pages in the run.</summary>
    public int Pages => (int)(Last - RunFirst) + 1;

    /// <summary>Whether the run begins with the old last extent, only to take FINAL from it.</summary>
    public bool StripsNeighbour => RunFirst < First;

    /// <summary>Whether the old last extent lies apart from the run, and loses FINAL in a write of its own.</summary>
    public bool StripsApart => NewLast > OldLast && OldLast >= 0 && OldLast < First - 1;

    /// <summary>The same, leaving a neighbour alone.</summary>
    public RunPlan WithoutNeighbour() => new(in this);

    /// <summary>Where an extent's page stands in the run.</summary>
    public int PageOf(long index) => (int)(index - RunFirst);

    /// <summary>Whether bytes of an extent that were valid before outlive the write, so that it must be read first.</summary>
    public bool NeedsOld(long index)
    {
        int valid = ExtentLayout.ValidBytes(index, OldSize);
        long start = ExtentLayout.UpperStart(index);
        return valid > 0 && (_upperOffset > start || _end < start + valid);
    }
}
