using System.Reflection;
using System.Runtime.CompilerServices;

namespace StackFs.Tests.Cli;

/// <summary>
/// Runs the program as a person at a shell does and compares every line it shows. A method's name is its transcript's,
/// in lower case and with dashes.
/// </summary>
public class TranscriptTests
{
    [TranscriptFact]
    public void Usage() => Play();

    [TranscriptFact]
    public void Init() => Play();

    [TranscriptFact]
    public void Mount() => Play();

    [TranscriptFact]
    public void Mount_refused() => Play();

    [TranscriptFact]
    public void Mount_helper() => Play();

    [TranscriptFact]
    public void Several() => Play();

    [TranscriptFact]
    public void User() => Play();

    [TranscriptFact]
    public void Prompt() => Play();

    [TranscriptFact]
    public void Cat() => Play();

    [TranscriptFact]
    public void Keys() => Play();

    [TranscriptFact]
    public void Slots() => Play();

    [TranscriptFact]
    public void Keygen() => Play();

    [TranscriptFact]
    public void Sources() => Play();

    [TranscriptFact]
    public void Fstab() => Play();

    [TranscriptFact]
    public void Pem() => Play();

    [TranscriptFact]
    public void Ecryptfs_questions() => Play();

    [Fact]
    public void Every_transcript_has_a_method() => Assert.Equal(
        Transcript.Names(),
        typeof(TranscriptTests).GetMethods()
            .Where(m => m.GetCustomAttribute<TranscriptFactAttribute>() is not null)
            .Select(m => FileName(m.Name)).Order());

    internal static string FileName(string method) => method.ToLowerInvariant().Replace('_', '-');

    private static void Play([CallerMemberName] string method = "")
    {
        Transcript transcript = Transcript.Read(FileName(method));
        using Session session = new();
        List<IReadOnlyList<string>> shown = session.Run(transcript);
        for (int i = 0; i < transcript.Steps.Count; i++)
        {
            Transcript.Step step = transcript.Steps[i];
            Assert.True(i < shown.Count, $"the shell ended before: $ {step.Command}");
            Assert.True(
                step.Matches(shown[i]),
                $"$ {step.Command}\nexpected:\n{string.Join('\n', step.Expected)}\nshown:\n{string.Join('\n', shown[i])}");
        }
    }
}

/// <summary>A test that plays a transcript; skipped with the reason where the machine lacks what the transcript needs.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TranscriptFactAttribute : FactAttribute
{
    public TranscriptFactAttribute([CallerMemberName] string method = "") =>
        Skip = Transcript.Read(TranscriptTests.FileName(method)).Needs.Select(Machine.Missing).FirstOrDefault(r => r is not null);
}
