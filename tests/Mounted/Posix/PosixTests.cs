using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Posix;

/// <summary>One mount for the whole table; each row has a directory of its own in it.</summary>
public sealed class SharedMount : IDisposable
{
    private readonly Lazy<TestMount> _mount = new(() => TestMount.Create());

    internal TestMount Mount => _mount.Value;

    public void Dispose()
    {
        if (_mount.IsValueCreated)
        {
            _mount.Value.Dispose();
        }
    }
}

/// <summary>
/// The table of POSIX behaviours, each row done on the mount and, side by side, on a plain directory of the lower
/// filesystem, which proves the expectation itself.
/// </summary>
public sealed class PosixTests(SharedMount shared) : IClassFixture<SharedMount>
{
    private static readonly Dictionary<string, Row> Table =
        new[] { OpenRows.All, DataRows.All, NameRows.All, AttributeRows.All, ExtraRows.All }.SelectMany(r => r).ToDictionary(r => r.Name);

    private static int _counter;

    public static TheoryData<string> Rows => [.. Table.Keys];

    [MountedTheory]
    [MemberData(nameof(Rows))]
    public void Behaves(string row)
    {
        Row r = Table[row];
        string directory = $"row{Interlocked.Increment(ref _counter)}";
        Assert.Equal(r.Expected, Run(r, shared.Mount.Plain, directory));
        string expected = Target.Current == Target.Bare ? r.Expected : r.ExpectedThroughFuse ?? r.Expected;
        string actual = "";
        Deadline.Run(shared.Mount, TimeSpan.FromSeconds(20), () => actual = Run(r, shared.Mount.Upper, directory));
        Assert.Equal(expected, actual);
    }

    private static string Run(Row row, string parent, string name)
    {
        string directory = $"{parent}/{name}";
        Assert.Equal("ok", Sys.Mkdir(directory).Name);
        using Scene scene = new(directory);
        return row.Body(scene);
    }
}
