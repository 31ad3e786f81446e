using System.Text;
using System.Text.RegularExpressions;

namespace StackFs.Tests.Cli;

/// <summary>
/// A session at the shell and what it shows, from <c>Transcripts/NAME.txt</c>.
/// </summary>
/// <remarks>
/// <code>
/// # comment
/// # needs: fuse root
/// $ command for sh; it may go on
/// > on lines that start with a greater-than sign
/// the output, standard error after standard output as it comes
/// ... stands for any number of lines, &lt;ANY> for any part of a line
/// [3]                                  the exit code, where it is not 0
/// </code>
/// In the output the session's directory reads <c>&lt;DIR></c> and sixteen hex digits read <c>&lt;SIG></c>.
/// </remarks>
internal sealed partial class Transcript
{
    private Transcript(string name, IReadOnlyList<string> needs, IReadOnlyList<Step> steps)
    {
        Name = name;
        Needs = needs;
        Steps = steps;
    }

    public string Name { get; }

    public IReadOnlyList<string> Needs { get; }

    public IReadOnlyList<Step> Steps { get; }

    /// <summary>The names of all transcripts.</summary>
    public static IEnumerable<string> Names() =>
        Directory.EnumerateFiles(Folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)!).Order();

    public static Transcript Read(string name)
    {
        List<string> needs = [];
        List<Step> steps = [];
        foreach (string line in File.ReadLines(Path.Combine(Folder, name + ".txt")))
        {
            switch (line)
            {
                case ['#', ..]:
                    if (NeedsLine().Match(line) is { Success: true } match)
                    {
                        needs.AddRange(match.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                    }

                    break;
                case ['$', ' ', .. string command]:
                    steps.Add(new Step(command));
                    break;
                case ['>', ' ', .. string more] when steps is [.., Step { Expected.Count: 0 } last]:
                    last.Command += "\n" + more;
                    break;
                case "" when steps is [.., Step { Expected.Count: 0 }] or []:
                    break;
                default:
                    steps[^1].Expected.Add(line);
                    break;
            }
        }

        foreach (Step step in steps)
        {
            // A blank line before the next command sets it off and is not output.
            while (step.Expected is [.., ""])
            {
                step.Expected.RemoveAt(step.Expected.Count - 1);
            }
        }

        return new Transcript(name, needs, steps);
    }

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Transcripts");

    [GeneratedRegex("^# needs: (.*)$")]
    private static partial Regex NeedsLine();

    /// <summary>One command and what it shows.</summary>
    internal sealed class Step(string command)
    {
        public string Command { get; set; } = command;

        public List<string> Expected { get; } = [];

        /// <summary>Whether <paramref name="actual"/> is what is expected, wildcards counted in.</summary>
        public bool Matches(IReadOnlyList<string> actual)
        {
            StringBuilder pattern = new("^");
            foreach (string line in Expected)
            {
                pattern.Append(line == "..."
                    ? "(?:.*\n)*?"
                    : Regex.Escape(line).Replace("<ANY>", ".*", StringComparison.Ordinal) + "\n");
            }

            pattern.Append('$');
            return Regex.IsMatch(string.Concat(actual.Select(l => l + "\n")), pattern.ToString());
        }
    }
}
