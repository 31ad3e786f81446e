using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace StackFs.Tests.Vectors.Native;

/// <summary>
/// One frozen case: inputs and the expected outcome as <c>key: value</c> lines, then for pages and files a blank line
/// and the stored bytes. Bytes in a value are in hex.
/// </summary>
internal sealed class Vector
{
    private readonly List<KeyValuePair<string, string>> _fields = [];

    internal Vector(string name) => Name = name;

    /// <summary>The file's name without its suffix, or the value of the record's <c>case</c>.</summary>
    internal string Name { get; }

    /// <summary>The stored bytes.</summary>
    internal byte[] Body { get; init; } = [];

    internal string this[string key] => Find(key) ?? throw new InvalidDataException($"{Name}: no field {key}");

    internal Vector With(string key, string value)
    {
        _fields.Add(new(key, value));
        return this;
    }

    internal Vector With(string key, byte[] value) => With(key, Convert.ToHexStringLower(value));

    internal Vector With(string key, long value) => With(key, value.ToString(CultureInfo.InvariantCulture));

    internal string? Find(string key) => _fields.Find(f => f.Key == key).Value;

    internal byte[] Bytes(string key) => Convert.FromHexString(this[key]);

    internal long Number(string key) => long.Parse(this[key], CultureInfo.InvariantCulture);

    /// <summary>The lines, with a line end each.</summary>
    internal string Lines => string.Concat(_fields.Select(f => $"{f.Key}: {f.Value}\n"));

    /// <summary>The directory of the frozen files, beside this source.</summary>
    internal static string Directory([CallerFilePath] string source = "") =>
        Path.Combine(Path.GetDirectoryName(source)!, "v1");

    /// <summary>Every case of a kind whose cases have bodies: one file each.</summary>
    internal static IEnumerable<Vector> WithBodies(string kind, [CallerFilePath] string source = "")
    {
        foreach (string path in System.IO.Directory.GetFiles(Path.Combine(Directory(source), kind), "*.vector").Order())
        {
            byte[] bytes = File.ReadAllBytes(path);
            int end = bytes.AsSpan().IndexOf("\n\n"u8);
            Vector vector = new(Path.GetFileNameWithoutExtension(path)) { Body = bytes[(end + 2)..] };
            vector.Parse(Encoding.ASCII.GetString(bytes, 0, end));
            yield return vector;
        }
    }

    /// <summary>Every case of a kind whose cases are lines only: records of one file, a blank line between them.</summary>
    internal static IEnumerable<Vector> Records(string kind)
    {
        string text = File.ReadAllText(Path.Combine(Directory(), kind + ".txt"));
        foreach (string record in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            Vector vector = new(record[6..record.IndexOf('\n', StringComparison.Ordinal)]);
            vector.Parse(record);
            yield return vector;
        }
    }

    public override string ToString() => Name;

    private void Parse(string lines)
    {
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            With(line[..colon], line[(colon + 1)..].TrimStart());
        }
    }
}
