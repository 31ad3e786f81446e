using System.Diagnostics;

namespace StackFs.Cli.Measuring;

/// <summary>One row of <c>stackfs speed</c>.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">What the figures count each second.</param>
/// <param name="Forth">Encrypting; for the carrier, requests answered.</param>
/// <param name="Back">Decrypting; null where there is no such direction.</param>
internal sealed record Speed(string Name, string Unit, double Forth, double? Back)
{
    /// <summary>Bytes in a second, in millions.</summary>
    public const string Megabytes = "MB/s";

    /// <summary>Operations in a second.</summary>
    public const string Operations = "op/s";

    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(250);

    // Rounds between two looks at the clock.
    private const int Batch = 64;

    /// <summary>How often a second <paramref name="action"/> runs on this thread.</summary>
    public static double Rate(Action action)
    {
        action(); // What is set up with the first call is not what is measured.
        long rounds = 0;
        Stopwatch clock = Stopwatch.StartNew();
        while (clock.Elapsed < Duration)
        {
            for (int i = 0; i < Batch; i++)
            {
                action();
            }

            rounds += Batch;
        }

        return rounds / clock.Elapsed.TotalSeconds;
    }
}
