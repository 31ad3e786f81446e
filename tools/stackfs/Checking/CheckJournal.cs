using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StackFs.Checking;

namespace StackFs.Cli.Checking;

/// <summary>
/// What a check that was interrupted had done: the directories whose entries are checked, and what was found. A file of the
/// user's, a line for each, gone when a check ends by itself. Safe on any thread.
/// </summary>
internal sealed class CheckJournal : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _done = [];
    private readonly StreamWriter _writer;
    private readonly string _path;

    /// <summary>Opens a journal, with what it says already; a line cut short by a kill is ignored.</summary>
    /// <param name="path">The file; made if it is not there.</param>
    /// <param name="restart">Forget what it says.</param>
    internal CheckJournal(string path, bool restart)
    {
        _path = path;
        foreach (string line in File.Exists(path) && !restart ? File.ReadLines(path) : [])
        {
            string[] parts = line.Split('\t');
            if (parts is ["D", var directory, var files, "."])
            {
                Directories += _done.Add(ulong.Parse(directory, NumberStyles.HexNumber, CultureInfo.InvariantCulture)) ? 1 : 0;
                Files += long.Parse(files, CultureInfo.InvariantCulture);
            }
            else if (parts is ["F", var kind, var upper, var lower, var detail, var repaired, "."] && Enum.TryParse(kind, out CheckKind known))
            {
                Findings.Add(new CheckFinding(known, Text(upper), Text(lower), Text(detail), repaired == "1"));
            }
        }

        FileMode mode = restart ? FileMode.Create : FileMode.Append;
        FileStream file = new(path, new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        _writer = new StreamWriter(file) { NewLine = "\n", AutoFlush = true };
        _writer.WriteLine();
    }

    /// <summary>Directories done before.</summary>
    internal long Directories { get; }

    /// <summary>Files done before.</summary>
    internal long Files { get; }

    /// <summary>What was found before.</summary>
    internal List<CheckFinding> Findings { get; } = [];

    /// <summary>Whether a directory's entries were checked before.</summary>
    internal bool IsDone(string lowerPath) => _done.Contains(Hash(lowerPath));

    /// <summary>They are now.</summary>
    internal void Done(string lowerPath, long files)
    {
        lock (_gate)
        {
            _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"D\t{Hash(lowerPath):x16}\t{files}\t."));
        }
    }

    /// <summary>Something was found; before the directory it stands in is done.</summary>
    internal void Add(CheckFinding finding)
    {
        lock (_gate)
        {
            _writer.WriteLine(
                $"F\t{finding.Kind}\t{Base64(finding.Path)}\t{Base64(finding.LowerPath)}\t{Base64(finding.Detail)}\t{(finding.IsRepaired ? 1 : 0)}\t.");
        }
    }

    /// <summary>The check has ended by itself.</summary>
    internal void Delete()
    {
        Dispose();
        File.Delete(_path);
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static ulong Hash(string text) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
}
