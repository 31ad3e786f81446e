using System.Text;

namespace StackFs.Tests.Vectors.Native;

/// <summary>
/// The frozen files are what FORMAT.md and fixed keys make of them. A file is never changed: a case may only be added,
/// by running these tests with STACKFS_ADD_VECTORS=1, which writes files that are not there yet.
/// </summary>
public class FrozenTests
{
    private static readonly bool Adding = Environment.GetEnvironmentVariable("STACKFS_ADD_VECTORS") == "1";

    [Theory]
    [InlineData(HeaderCases.Kind)]
    [InlineData(ExtentCases.Kind)]
    [InlineData(FileCases.Kind)]
    public void Cases_with_bodies_are_as_frozen(string kind)
    {
        foreach (Vector vector in Made(kind))
        {
            byte[] bytes = [.. Encoding.ASCII.GetBytes(vector.Lines + "\n"), .. vector.Body];
            AssertFrozen(Path.Combine(kind, vector.Name + ".vector"), bytes);
        }
    }

    [Theory]
    [InlineData(NameCases.Names)]
    [InlineData(NameCases.Symlinks)]
    [InlineData(NameCases.Attributes)]
    public void Records_are_as_frozen(string kind) =>
        AssertFrozen(kind + ".txt", Encoding.ASCII.GetBytes(string.Join('\n', Made(kind).Select(v => v.Lines))));

    [Fact]
    public void There_are_at_least_as_many_failures_as_successes()
    {
        string[] outcomes =
        [
            .. Vector.WithBodies(HeaderCases.Kind).Select(v => v["expect"]),
            .. Vector.WithBodies(ExtentCases.Kind).Select(v => v["expect"]),
            .. Vector.WithBodies(FileCases.Kind).Select(v => v.Find("sha256") is null ? "refused" : "Ok"),
            .. Vector.Records(NameCases.Names).Select(v => v["expect"] == "Name" ? "Ok" : "other"),
            .. Vector.Records(NameCases.Symlinks).Select(v => v["expect"]),
            .. Vector.Records(NameCases.Attributes).Select(v => v["expect"]),
        ];
        int successes = outcomes.Count(o => o is "Ok");
        Assert.InRange(successes, 50, outcomes.Length / 2);
    }

    private static IEnumerable<Vector> Made(string kind) => kind switch
    {
        HeaderCases.Kind => HeaderCases.All(),
        ExtentCases.Kind => ExtentCases.All(),
        FileCases.Kind => FileCases.All(),
        NameCases.Names => NameCases.AllNames(),
        NameCases.Symlinks => NameCases.AllSymlinks(),
        _ => NameCases.AllAttributes(),
    };

    private static void AssertFrozen(string name, byte[] made)
    {
        string path = Path.Combine(Vector.Directory(), name);
        if (Adding && !File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, made);
        }

        Assert.True(File.Exists(path), $"{name} is missing: add it with STACKFS_ADD_VECTORS=1");
        Assert.True(made.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"{name} is not what the format makes of its case");
    }
}
