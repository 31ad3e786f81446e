using StackFs.Content;
using Xunit.Abstractions;

namespace StackFs.Tests.Properties.Content;

/// <summary>
/// The invariant of FORMAT.md 2.4 to 2.6 by brute force: pairs of operations on files of every shape, the real engine, and
/// every state that a crash may leave.
/// </summary>
public class CrashModelTests(ITestOutputHelper output)
{
    private const int E = ExtentLayout.ExtentSize;

    // Of the states possible at one moment; STACKFS_LONG=1 tries eight times as many.
    private static readonly int MaxStates = Environment.GetEnvironmentVariable("STACKFS_LONG") == "1" ? 512 : 64;

    private static readonly ContentStep Sync = new(StepKind.Sync);

    private static readonly ContentStep[][] Bases =
    [
        [],
        [new(StepKind.Write, 0, 100), Sync],
        [new(StepKind.Write, 0, E), Sync],
        [new(StepKind.Write, 0, (2 * E) + 1000), Sync],
        [new(StepKind.Write, 0, 3 * E), Sync],
        [new(StepKind.Write, 0, 100), new(StepKind.Write, (3 * E) + 50, 50), Sync],
        [new(StepKind.Write, 0, (2 * E) + 1000), Sync, new(StepKind.Truncate, 0), Sync],
    ];

    private static readonly ContentStep[] Operations =
    [
        new(StepKind.Write, 0, 10, FromEnd: true),
        new(StepKind.Write, 0, E, FromEnd: true),
        new(StepKind.Write, 0, (2 * E) + 3, FromEnd: true),
        new(StepKind.Write, (2 * E) + 7, 9, FromEnd: true),
        new(StepKind.Write, 10, 10),
        new(StepKind.Write, E - 5, 10),
        new(StepKind.Write, 0, 2 * E),
        new(StepKind.Write, E, E),
        new(StepKind.Truncate, 0),
        new(StepKind.Truncate, 50),
        new(StepKind.Truncate, E),
        new(StepKind.Truncate, (2 * E) + 9),
        new(StepKind.Truncate, -1, FromEnd: true),
        new(StepKind.Truncate, 10, FromEnd: true),
        new(StepKind.Truncate, 3 * E, FromEnd: true),
        new(StepKind.Punch, E, E),
        new(StepKind.Punch, 10, (3 * E) - 20),
        new(StepKind.Punch, 0, 100 * E),
        new(StepKind.ZeroRange, E - 10, 2 * E),
        new(StepKind.Allocate, E, 2 * E),
        new(StepKind.Seal),
        Sync,
    ];

    [Fact]
    public void WhatWasSyncedSurvivesAndNothingIsInvented()
    {
        using TestVolume volume = new();
        CrashRun run = new(volume, MaxStates);
        foreach (ContentStep[] start in Bases)
        {
            foreach (ContentStep first in Operations)
            {
                foreach (ContentStep second in Operations)
                {
                    run.Run([.. start, first, second, Sync], new ModelFile());
                }
            }
        }

        Print(run);
        Assert.True(run.States > 100_000);
    }

    [Fact]
    public void FaultsOfTheLowerFileLoseNothingThatWasSynced()
    {
        using TestVolume volume = new();
        CrashRun run = new(volume, MaxStates / 8);
        foreach (ContentStep[] start in Bases)
        {
            foreach (ContentStep operation in Operations)
            {
                ContentStep[] steps = [.. start, operation, Sync, new(StepKind.Write, 0, 10, FromEnd: true), Sync];
                ModelFile healthy = new();
                run.Run(steps, healthy);
                // Whole pages, since no crash tears one; ContentModelTests cuts writes anywhere.
                for (int call = 0; call < healthy.WriteCalls; call++)
                {
                    foreach (int pages in (int[])[1, 2, 3])
                    {
                        run.Run(steps, new ModelFile { ShortWrite = call, ShortBytes = pages * ExtentLayout.PageSize });
                    }
                }

                for (int call = 0; call < healthy.ChangingCalls; call++)
                {
                    run.Run(steps, new ModelFile { FailingCall = call });
                }

                for (int room = 0; room <= 7 * ExtentLayout.PageSize; room += ExtentLayout.PageSize)
                {
                    run.Run(steps, new ModelFile { Room = room });
                }

                run.Run(steps, new ModelFile { CanPunch = false });
            }
        }

        Print(run);
        Assert.True(run.Scenarios > 3000);
    }

    private void Print(CrashRun run) =>
        output.WriteLine(
            $"{run.Scenarios} scenarios, {run.States} crash states, {run.Continued} of them written on; "
            + $"{run.Missing} extents missing where that is allowed; {run.Sampled} moments sampled");
}
