using System.Diagnostics;
using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Harness;

/// <summary>
/// The filesystem the tests run against: StackFs, unless STACKFS_TEST_TARGET says <c>bare</c> (the plain directory,
/// which proves the tables themselves) or <c>gocryptfs</c> (which proves that they can fail).
/// </summary>
/// <param name="Name">As in STACKFS_TEST_TARGET.</param>
/// <param name="Program">The executable, or null where the target needs none.</param>
/// <param name="Init">Arguments that make a volume of {lower}; {passfile} holds the passphrase.</param>
/// <param name="Mount">Arguments that mount {lower} on {upper} in the foreground with {options} and, for ours, {key}.</param>
internal sealed record Target(string Name, string? Program, string[] Init, string[] Mount)
{
    public static Target Bare { get; } = new("bare", null, [], []);

    public static Target Gocryptfs { get; } = new(
        "gocryptfs",
        ProgramFile.FindOnPath("gocryptfs"),
        ["-init", "-q", "-scryptn", "10", "-passfile", "{passfile}", "{lower}"],
        ["-fg", "-q", "-acl", "-allow_other", "-passfile", "{passfile}", "{lower}", "{upper}"]);

    public static Target StackFs { get; } = new(
        "stackfs",
        ProgramFile.FindStackFs(),
        ["init", "{lower}", "--key", "passphrase:passfile={passfile}"],
        ["mount", "{lower}", "{upper}", "--foreground", "-o", "{key},{options}"]);

    public static Target Current { get; } = Environment.GetEnvironmentVariable("STACKFS_TEST_TARGET") switch
    {
        null or "" or "stackfs" => StackFs,
        "bare" => Bare,
        "gocryptfs" => Gocryptfs,
        string other => throw new InvalidOperationException($"STACKFS_TEST_TARGET={other}: use stackfs, bare or gocryptfs"),
    };

    /// <summary>Why the target cannot be run here, or null.</summary>
    public string? Missing => this == Bare || Program is not null ? null :
        this == StackFs ? "the stackfs executable is not built (tools/quickstart, or STACKFS_EXE=FILE)" : $"{Name} is not installed";

    /// <summary>How to run <paramref name="program"/>, as another user where one is given.</summary>
    public static ProcessStartInfo Command(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> values, uint? user = null)
    {
        if (user is not null)
        {
            arguments = [$"--reuid={user}", $"--regid={user}", "--clear-groups", program, .. arguments];
            program = "setpriv";
        }

        ProcessStartInfo start = new(program) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (string argument in arguments)
        {
            string filled = argument;
            foreach ((string key, string value) in values)
            {
                filled = filled.Replace("{" + key + "}", value, StringComparison.Ordinal);
            }

            start.ArgumentList.Add(filled.TrimEnd(','));
        }

        // A bug inside the program ends it, and the test sees that, where a user would see EIO.
        start.Environment["STACKFS_ABORT_ON_BUG"] = "1";

        // What a user is known to have mounted before stays with the test.
        if (values.TryGetValue("home", out string? home))
        {
            start.Environment["HOME"] = home;
            start.Environment["STACKFS_CONFIG_DIR"] = home + "/config";
            start.Environment["STACKFS_KEYRING_DIR"] = home + "/keyring";
            start.Environment.Remove("XDG_CONFIG_HOME");
            start.Environment.Remove("XDG_RUNTIME_DIR");
        }

        return start;
    }
}
