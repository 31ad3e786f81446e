using System.Globalization;
using StackFs.Content;

namespace StackFs.Mounting;

/// <summary>
/// Counts what is found damaged, for <c>stackfs status</c>, and hands a line for each to whoever logs. Safe on any thread.
/// </summary>
internal sealed class FilesystemReports : ContentReports
{
    // A tree full of damage must not fill the journal.
    private const long MostLines = 1000;

    private readonly Action<string>? _log;
    private readonly long[] _findings = new long[Enum.GetValues<ContentFinding>().Length];
    private long _invalidNames;
    private long _refused;
    private long _lines;

    /// <summary>Reports to <paramref name="log"/>, if any, from any thread.</summary>
    internal FilesystemReports(Action<string>? log) => _log = log;

    /// <summary>What was counted so far, by name.</summary>
    internal IEnumerable<(string Name, long Value)> Counters
    {
        get
        {
            foreach (ContentFinding finding in Enum.GetValues<ContentFinding>())
            {
                yield return (NameOf(finding), Interlocked.Read(ref _findings[(int)finding]));
            }

            yield return ("invalid names", Interlocked.Read(ref _invalidNames));
            yield return ("refused files", Interlocked.Read(ref _refused));
        }
    }

    /// <inheritdoc/>
    public override void Report(ContentFinding finding, object name, long extent)
    {
        _ = Interlocked.Increment(ref _findings[(int)finding]);
        if (_log is null)
        {
            return;
        }

        long line = Interlocked.Increment(ref _lines);
        if (line <= MostLines)
        {
            string where = extent >= 0 ? string.Create(CultureInfo.InvariantCulture, $", extent {extent}") : string.Empty;
            _log($"{name}{where}: {Describe(finding)}");
        }
        else if (line == MostLines + 1)
        {
            _log("more damage is counted, but not logged any more; see 'stackfs status'");
        }
    }

    /// <inheritdoc/>
    public override void Refused(object name, string reason)
    {
        _ = Interlocked.Increment(ref _refused);
        if (_log is not null && Interlocked.Increment(ref _lines) <= MostLines)
        {
            _log($"{name}: {reason}");
        }
    }

    /// <summary>A lower name that authenticates and is no name, or whose companion is missing: left out of a listing.</summary>
    internal void CountInvalidName() => _ = Interlocked.Increment(ref _invalidNames);

    private static string NameOf(ContentFinding finding) => finding switch
    {
        ContentFinding.DamagedExtent => "damaged extents",
        ContentFinding.ErasedExtent => "erased extents",
        ContentFinding.CutShort => "files cut short",
        ContentFinding.LostHeader => "files without header",
        ContentFinding.ErasedHeader => "files with erased header",
        _ => throw new ArgumentOutOfRangeException(nameof(finding), finding, null),
    };

    private static string Describe(ContentFinding finding) => finding switch
    {
        ContentFinding.DamagedExtent => "does not authenticate; reading it answers EIO. Restore the file from a backup",
        ContentFinding.ErasedExtent => "was erased or never reached the disk; reading it answers EIO",
        ContentFinding.CutShort => "is shorter than it was when it was last closed: a crash, or somebody cut it",
        ContentFinding.LostHeader => "has no header: its first write never reached the disk; shown as empty",
        ContentFinding.ErasedHeader => "its header is erased, with data behind it: it cannot be read and is not overwritten",
        _ => throw new ArgumentOutOfRangeException(nameof(finding), finding, null),
    };
}
