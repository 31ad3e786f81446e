using System.Diagnostics;

namespace StackFs.Tests.Cli;

/// <summary>How a script ended and what it printed on standard output.</summary>
internal sealed record ShellResult(int ExitCode, string Output);

/// <summary>Runs scripts of bash.</summary>
internal static class Shell
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(9);

    /// <summary>Runs <paramref name="script"/>; its parameters are <c>$1</c> and on.</summary>
    public static ShellResult Run(string script, params string[] parameters)
    {
        ProcessStartInfo start = new("bash", ["--norc", "-c", script, "bash", .. parameters])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"did not end in {Patience.TotalMinutes} minutes: {script}");
        }

        return new ShellResult(process.ExitCode, output.Result);
    }
}

/// <summary>A test that is skipped, with the reason, where <see cref="Machine.Missing"/> names one.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(string need) => Skip = Machine.Missing(need);
}

/// <inheritdoc cref="NeedsFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(string need) => Skip = Machine.Missing(need);
}
