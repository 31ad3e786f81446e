using System.Globalization;
using StackFs.Tests.Mounted.Harness;
using Xunit.Abstractions;

namespace StackFs.Tests.Mounted.SideBySide;

/// <summary>
/// Random sequences of operations on the mount and on a plain directory: every answer, and after each sequence and
/// each remount everything that can be seen, must be the same.
/// </summary>
/// <remarks>STACKFS_SEED=N repeats one sequence; STACKFS_LONG=1 runs more and longer ones.</remarks>
public sealed class SideBySideTests(ITestOutputHelper output) : IDisposable
{
    private TestMount? _mount;
    private int _runs;

    [MountedFact]
    public void Random_operations_do_the_same_as_on_a_plain_directory()
    {
        bool isLong = Capability.MissingForLong is null;
        string? named = Environment.GetEnvironmentVariable("STACKFS_SEED");
        int first = named is null ? Random.Shared.Next() : int.Parse(named, CultureInfo.InvariantCulture);
        int count = named is not null ? 1 : isLong ? 400 : 12;
        for (int seed = first; seed < first + count; seed++)
        {
            Operation[] sequence = new OperationGenerator(seed).Sequence(isLong ? 1000 : 500);
            if (Difference(sequence) is not { } difference)
            {
                continue;
            }

            output.WriteLine($"seed {seed}: {difference}");
            Operation[] shortest = Shrinker.Shrink(sequence, s => Difference(s) is not null, TimeSpan.FromMinutes(1));
            Assert.Fail($"seed {seed}, shortened to:\n{string.Join('\n', shortest)}\n{Difference(shortest) ?? "(now passes) " + difference}");
        }
    }

    [MountedTheory]
    [MemberData(nameof(KeptCases.All), MemberType = typeof(KeptCases))]
    public void Kept_case(string name, string sequence)
    {
        Assert.NotEmpty(name);
        Assert.Null(Difference(Operation.ParseAll(sequence)));
    }

    public void Dispose() => _mount?.Dispose();

    /// <summary>Where the two sides first differ, or null.</summary>
    private string? Difference(Operation[] sequence)
    {
        _mount ??= TestMount.Create();
        TestMount mount = _mount;
        string? difference = null;
        bool broken = false;
        try
        {
            Deadline.Run(mount, TimeSpan.FromMinutes(2), () => difference = Compare(mount, sequence, $"s{_runs++}"));
        }
        catch (Exception e) when (e is IOException or TimeoutException or Xunit.Sdk.XunitException)
        {
            difference = $"{e.Message}; {mount.Describe()}";
            broken = true;
        }

        if (broken)
        {
            // The program may be gone, or hang: the next sequence starts afresh.
            mount.Kill();
            mount.Dispose();
            _mount = null;
        }

        return difference;
    }

    private static string? Compare(TestMount mount, Operation[] sequence, string name)
    {
        using World plain = new(mount.Plain + "/" + name), upper = new(mount.Upper + "/" + name);
        for (int i = 0; i < sequence.Length; i++)
        {
            string expected = plain.Do(sequence[i]), actual = upper.Do(sequence[i]);
            if (sequence[i].Verb == Verb.Remount)
            {
                mount.Remount();
            }

            string? wrong = expected != actual
                ? $"expected {expected}, got {actual}"
                : sequence[i].Verb == Verb.Remount ? Compare(plain, upper) : null;
            if (wrong is not null)
            {
                return $"operation {i} ({sequence[i]}): {wrong}";
            }
        }

        string? open = Compare(plain, upper);
        if (open is not null)
        {
            return "at the end: " + open;
        }

        plain.Do(new Operation(Verb.Remount));
        upper.Do(new Operation(Verb.Remount));
        mount.Remount();
        string? after = Compare(plain, upper);
        return after is null ? null : "after a remount: " + after;
    }

    private static string? Compare(World plain, World upper)
    {
        string[] expected = plain.Look(), actual = upper.Look();
        string[] missing = [.. expected.Except(actual)], surplus = [.. actual.Except(expected)];
        return missing.Length + surplus.Length == 0 ? null : $"expected\n  {string.Join("\n  ", missing)}\ngot\n  {string.Join("\n  ", surplus)}";
    }
}
