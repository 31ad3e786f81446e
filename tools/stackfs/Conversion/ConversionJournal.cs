using System.Globalization;
using StackFs.Interop;
using StackFs.Names;

namespace StackFs.Cli.Conversion;

/// <summary>
/// What a conversion that is begun again could not see any more: under which new path a file of several names was stored,
/// and the times that a directory had before its entries went. A file in the lower root, a line for each, gone at the end. It
/// says nothing that the lower directory does not: inode numbers, lower names, times.
/// </summary>
internal sealed class ConversionJournal : IDisposable
{
    /// <summary>Its name in the root of the new tree.</summary>
    internal static string FileName { get; } = System.Text.Encoding.UTF8.GetString(LowerNames.ConversionJournal);

    private readonly Dictionary<ulong, string> _links = [];
    private readonly Dictionary<ulong, (Timespec Access, Timespec Modify)> _times = [];
    private readonly StreamWriter _writer;
    private readonly string _path;

    /// <summary>Opens the journal of a new tree, with what it says already; a line cut short by a kill is ignored.</summary>
    internal ConversionJournal(string root)
    {
        _path = Path.Combine(root, FileName);
        foreach (string line in File.Exists(_path) ? File.ReadAllLines(_path) : [])
        {
            string[] parts = line.Split('\t');
            if (parts is ["L", var inode, var path, "."])
            {
                _links[ulong.Parse(inode, CultureInfo.InvariantCulture)] = path;
            }
            else if (parts is ["D", var directory, var a, var an, var m, var mn, "."])
            {
                _times[ulong.Parse(directory, CultureInfo.InvariantCulture)] = (Time(a, an), Time(m, mn));
            }
        }

        _writer = new StreamWriter(new FileStream(_path, FileMode.Append, FileAccess.Write)) { NewLine = "\n" };
        _writer.WriteLine();
    }

    /// <summary>Where a file of several names is, by its old inode number: a lower path in hexadecimal; null when it is not yet.</summary>
    internal string? FindLink(ulong inode) => _links.GetValueOrDefault(inode);

    /// <summary>Notes where it is; durable when this returns.</summary>
    internal void AddLink(ulong inode, string path)
    {
        _links[inode] = path;
        Write(string.Create(CultureInfo.InvariantCulture, $"L\t{inode}\t{path}\t."));
    }

    /// <summary>The times that a directory had when it was first seen.</summary>
    internal (Timespec Access, Timespec Modify) TimesOf(in StatxBuffer directory)
    {
        if (!_times.TryGetValue(directory.Inode, out (Timespec Access, Timespec Modify) times))
        {
            times = (
                new Timespec(directory.AccessTime.Seconds, directory.AccessTime.Nanoseconds),
                new Timespec(directory.ModifyTime.Seconds, directory.ModifyTime.Nanoseconds));
            _times[directory.Inode] = times;
            Write(string.Create(
                CultureInfo.InvariantCulture,
                $"D\t{directory.Inode}\t{times.Access.Seconds}\t{times.Access.Nanoseconds}\t{times.Modify.Seconds}\t{times.Modify.Nanoseconds}\t."));
        }

        return times;
    }

    /// <summary>Removes it: everything is converted.</summary>
    internal void Delete()
    {
        _writer.Dispose();
        File.Delete(_path);
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static Timespec Time(string seconds, string nanoseconds) =>
        new(long.Parse(seconds, CultureInfo.InvariantCulture), long.Parse(nanoseconds, CultureInfo.InvariantCulture));

    private void Write(string line)
    {
        _writer.WriteLine(line);
        _writer.Flush();
        ((FileStream)_writer.BaseStream).Flush(flushToDisk: true);
    }
}
