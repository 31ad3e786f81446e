using System.Text.Json;
using StackFs.Checking;
using StackFs.Cli.Output;

namespace StackFs.Cli.Checking;

/// <summary>Shows what a check found, as a table or as JSON. Keeps a bounded number of findings; counts all.</summary>
internal sealed class CheckReport
{
    private const int MostKept = 10_000;

    private readonly Lock _gate = new();
    private readonly List<CheckFinding> _kept = [];
    private readonly Dictionary<CheckKind, long> _counts = [];

    /// <summary>Findings that are damage and were not repaired.</summary>
    internal long Damaged { get; private set; }

    /// <summary>Findings left by a crash that were not repaired.</summary>
    internal long Untidy { get; private set; }

    /// <summary>Findings that were repaired.</summary>
    internal long Repaired { get; private set; }

    /// <summary>Takes a finding.</summary>
    internal void Add(CheckFinding finding)
    {
        lock (_gate)
        {
            _counts[finding.Kind] = _counts.GetValueOrDefault(finding.Kind) + 1;
            if (_kept.Count < MostKept)
            {
                _kept.Add(finding);
            }

            Repaired += finding.IsRepaired ? 1 : 0;
            Damaged += !finding.IsRepaired && finding.Weight == CheckWeight.Damage ? 1 : 0;
            Untidy += !finding.IsRepaired && finding.Weight == CheckWeight.Untidy ? 1 : 0;
        }
    }

    /// <summary>A table on standard output, then a summary.</summary>
    internal void Write(CheckTotals totals, bool wasInterrupted)
    {
        if (_kept.Count > 0)
        {
            Tables.Write(["FINDING", "STATE", "PATH", "DETAIL"], Sorted().Select(f => new[] { Name(f.Kind), State(f), f.Path, f.Detail }));
        }

        long more = _counts.Values.Sum() - _kept.Count;
        Messages.Note(
            $"{(wasInterrupted ? "interrupted after" : "checked")} {totals.Files} files ({totals.Bytes} bytes), {totals.Directories} directories, "
            + $"{totals.Others} links and special files: {Damaged} damaged, {Untidy} untidy, {Repaired} repaired"
            + (more > 0 ? $"; {more} more findings than the table shows" : ""));
    }

    /// <summary>One document on standard output.</summary>
    internal void WriteJson(string lower, string signature, CheckTotals totals, bool isOnline, bool wasInterrupted) =>
        Json.ToStandardOutput(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("lower", lower);
            writer.WriteString("signature", signature);
            writer.WriteBoolean("mounted", isOnline);
            writer.WriteBoolean("interrupted", wasInterrupted);
            writer.WriteNumber("files", totals.Files);
            writer.WriteNumber("directories", totals.Directories);
            writer.WriteNumber("others", totals.Others);
            writer.WriteNumber("bytes", totals.Bytes);
            writer.WriteNumber("damaged", Damaged);
            writer.WriteNumber("untidy", Untidy);
            writer.WriteNumber("repaired", Repaired);
            writer.WriteStartObject("counts");
            foreach ((CheckKind kind, long count) in _counts.OrderBy(static pair => pair.Key))
            {
                writer.WriteNumber(Name(kind), count);
            }

            writer.WriteEndObject();
            writer.WriteStartArray("findings");
            foreach (CheckFinding finding in Sorted())
            {
                Write(writer, finding);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });

    private static void Write(Utf8JsonWriter writer, CheckFinding finding)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", Name(finding.Kind));
        writer.WriteString("state", State(finding));
        writer.WriteString("path", finding.Path);
        writer.WriteString("lowerPath", finding.LowerPath);
        writer.WriteString("detail", finding.Detail);
        writer.WriteEndObject();
    }

    private static string State(CheckFinding finding) =>
        finding.IsRepaired ? "repaired" : finding.Weight.ToString().ToLowerInvariant();

    // DamagedExtents: damaged-extents.
    private static string Name(CheckKind kind) => string.Concat(kind.ToString()
        .Select(static (c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));

    private IEnumerable<CheckFinding> Sorted() =>
        _kept.OrderByDescending(static f => f.Weight).ThenBy(static f => f.Path, StringComparer.Ordinal);
}
