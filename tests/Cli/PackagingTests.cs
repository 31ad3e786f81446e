using System.Text.RegularExpressions;
using StackFs.Cli;

namespace StackFs.Tests.Cli;

/// <summary>What is shipped beside the program says the same as the program.</summary>
public partial class PackagingTests
{
    public static TheoryData<string> ManPages() =>
        [.. Directory.EnumerateFiles(PathOf("packaging/man")).Select(f => Path.GetFileName(f)).Order()];

    [NeedsTheory("groff")]
    [MemberData(nameof(ManPages))]
    public void Man_pages_parse_without_a_warning(string page)
    {
        ShellResult result = Shell.Run(
            "groff -t -man -ww -z -Tutf8 -K utf8 \"$1\" 2>&1", PathOf("packaging/man/" + page));
        Assert.Equal(new ShellResult(0, string.Empty), result);
    }

    [Fact]
    public void The_man_page_and_the_completion_know_every_command()
    {
        string[] commands = HelpCommands();
        Assert.Contains("mount", commands);
        string page = Page("stackfs.8");
        foreach (string command in commands)
        {
            string[] inner = HelpCommands(command);
            Assert.Equal(inner, inner.Length == 0 ? inner : Complete("stackfs", command, ""));
            foreach (string full in inner.Length == 0 ? [command] : inner.Select(c => $"{command} {c}"))
            {
                string head = Regex.Escape(full.Replace("-", @"\-", StringComparison.Ordinal));
                Assert.True(
                    Regex.IsMatch(page, $@"^\\fB{head}\\fR", RegexOptions.Multiline),
                    $"packaging/man/stackfs.8 has no paragraph for the command {full}");
            }
        }

        Assert.Equal(commands, Complete("stackfs", ""));
    }

    [Theory]
    [InlineData("stackfs mo", "mount")]
    [InlineData("stackfs u", "umount", "usb")]
    [InlineData("stackfs mount --fore", "--foreground")]
    [InlineData("stackfs init --names=plain --ke", "--key")]
    [InlineData("stackfs mount lower upper -o ro,allow", "ro,allow_other")]
    [InlineData("stackfs cat --key rec", "recovery")]
    [InlineData("stackfs ecryptfs rew", "rewrap")]
    [InlineData("stackfs convert --new", "--new-key")]
    [InlineData("stackfs mount /usr/li")]
    public void The_completion_completes(string typed, params string[] expected) =>
        Assert.Equal(expected, Complete(typed.Split(' ')));

    [Fact]
    public void The_completion_is_a_shell_script() =>
        Assert.Equal(new ShellResult(0, string.Empty), Shell.Run("bash -n \"$1\" 2>&1", Completion));

    [Fact]
    public void The_man_page_knows_every_mount_option()
    {
        string section = File.ReadAllText(PathOf("docs/options.md"));
        section = section[section.IndexOf("## Mount options", StringComparison.Ordinal)..];
        string[] options = [.. OptionCell().Matches(section)
            .SelectMany(row => CodeText().Matches(row.Groups[1].Value)).Select(m => m.Groups[1].Value).Distinct()];
        Assert.Contains("strict", options);
        string page = FontChange().Replace(Page("mount.stackfs.8"), " ");
        Assert.Equal([], options.Where(o => !Regex.IsMatch(page, $@"(?<![a-z_=]){o}(?![a-z_])")));
    }

    [Fact]
    public void The_man_page_knows_every_exit_code() => Assert.Equal(
        Enum.GetValues<ExitCode>().Select(c => ((int)c).ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ExitCodeRow().Matches(Page("stackfs.8")).Select(m => m.Groups[1].Value));

    [Fact]
    public void The_package_has_the_programs_version()
    {
        string version = Regex.Match(
            File.ReadAllText(PathOf("Directory.Build.props")), "<Version>(.*)</Version>").Groups[1].Value;
        Assert.StartsWith($"stackfs ({version}) ", File.ReadAllText(PathOf("packaging/debian/changelog")), StringComparison.Ordinal);
    }

    [NeedsFact("packages")]
    public void The_package_installs_upgrades_and_purges_in_a_bare_Debian()
    {
        string work = Directory.CreateTempSubdirectory("stackfs-package-").FullName;
        try
        {
            ShellResult result = Shell.Run(
                "\"$1\" \"${2%/*}\" \"$3\" 2>&1", PathOf("tests/Cli/install-in-bare-debian"), Machine.Executable, work);
            Assert.True(result.ExitCode == 0, result.Output);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    [NeedsFact("systemd")]
    public void The_units_are_what_systemd_understands()
    {
        string work = Directory.CreateTempSubdirectory("stackfs-units-").FullName;
        try
        {
            // Only an installed package has the programs that the units name.
            const string script = """
                cp -r "$1/systemd" "$3/units"
                sed -i -E "s#^(Exec[A-Za-z]*=)(/usr/[^ ]*)#\1$2#" "$3"/units/*/*.service
                export XDG_RUNTIME_DIR=$3
                cd "$3/units/system" && systemd-analyze verify --man=no ./stackfs-keyringd.socket ./stackfs-keyringd.service \
                    ./stackfs-usb@sda1.service ./stackfs-lock-on-sleep.service 2>&1
                cd "$3/units/user" && systemd-analyze --user verify --man=no ./stackfs-keyringd.socket ./stackfs-keyringd.service 2>&1
                """;
            ShellResult result = Shell.Run(script, PathOf("packaging"), Machine.Executable, work);
            Assert.Equal(new ShellResult(0, string.Empty), result);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static string Completion => PathOf("packaging/completion/stackfs");

    private static string[] HelpCommands(params string[] command) =>
    [
        .. CommandRow().Matches(
            Regex.Match(Shell.Run("exe=$1; shift; \"$exe\" \"$@\" --help", [Machine.Executable, .. command]).Output, @"Commands:\n((?:  .*\n)*)").Groups[1].Value)
            .Select(m => m.Groups[1].Value),
    ];

    /// <summary>What is offered for the last of <paramref name="words"/>, as bash asks for it.</summary>
    private static string[] Complete(params string[] words)
    {
        string directory = Directory.CreateTempSubdirectory("stackfs-completion-").FullName;
        try
        {
            File.CreateSymbolicLink(Path.Combine(directory, "stackfs"), Machine.Executable);
            const string script = """
                PATH=$1:$PATH; . "$2"; shift 2
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
                _stackfs 2>&1
                [ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
                """;
            ShellResult result = Shell.Run(script, [directory, Completion, .. words]);
            Assert.Equal(0, result.ExitCode);
            return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static string Page(string name) => File.ReadAllText(PathOf("packaging/man/" + name));

    private static string PathOf(string file) => Path.Combine(Machine.Root, file);

    [GeneratedRegex(@"^  ([a-z][a-z-]*)", RegexOptions.Multiline)]
    private static partial Regex CommandRow();

    [GeneratedRegex(@"^\| (`[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex OptionCell();

    [GeneratedRegex(@"`([a-z_]+)")]
    private static partial Regex CodeText();

    [GeneratedRegex(@"\\f[BIR]")]
    private static partial Regex FontChange();

    [GeneratedRegex(@"^([0-9]+)\|", RegexOptions.Multiline)]
    private static partial Regex ExitCodeRow();
}
