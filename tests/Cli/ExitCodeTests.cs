using System.Globalization;
using System.Text.RegularExpressions;
using StackFs.Cli;

namespace StackFs.Tests.Cli;

public partial class ExitCodeTests
{
    /// <summary>Scripts depend on these numbers: a line here is added, never changed.</summary>
    private static readonly Dictionary<string, int> Pinned = new()
    {
        ["Success"] = 0,
        ["Failure"] = 1,
        ["Usage"] = 2,
        ["NotFound"] = 3,
        ["NotAVolume"] = 4,
        ["Damaged"] = 5,
        ["KeyMissing"] = 6,
        ["KeyWrong"] = 7,
        ["VolumeNotTrusted"] = 8,
        ["MountFailed"] = 9,
        ["NotMounted"] = 10,
        ["Busy"] = 11,
        ["NotPermitted"] = 12,
        ["Exists"] = 13,
        ["KeyringFailed"] = 14,
        ["NoSuchKey"] = 15,
        ["Internal"] = 70,
        ["Interrupted"] = 130,
    };

    [Fact]
    public void Exit_codes_keep_their_numbers() =>
        Assert.Equal(Pinned, Enum.GetValues<ExitCode>().ToDictionary(c => c.ToString(), c => (int)c));

    [Fact]
    public void The_documentation_lists_every_exit_code()
    {
        string text = File.ReadAllText(Path.Combine(Machine.Root, "docs/exit-codes.md"));
        Dictionary<string, int> documented = Row().Matches(text).ToDictionary(
            m => m.Groups[2].Value, m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.Equal(Pinned, documented);
    }

    [GeneratedRegex(@"^\| (\d+) \| ([A-Z]\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
