using System.Globalization;
using StackFs.Benchmarks;
using StackFs.Tests.Common;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"tools/bench: {e.Message}\n\n{Options.Usage}");
    return 2;
}

if (options.Help)
{
    Console.WriteLine(Options.Usage);
    return 0;
}

if (!Sys.IsRoot)
{
    Console.Error.WriteLine("tools/bench: dropping the kernel's caches needs root (sudo tools/bench)");
    return 1;
}

Workloads workloads = new(options.Mebibytes, options.Files);
List<Contestant> contestants = [.. Contestant.Known().Concat(options.Added).Where(c => options.Only.Count == 0 || options.Only.Contains(c.Name) || c == Contestant.Bare)];
Report report = new([.. contestants.Select(c => c.Name)]);

// Each pass takes every contestant in turn, so that a slow moment of the machine falls on all of them.
for (int pass = 1; pass <= options.Passes; pass++)
{
    foreach (Contestant contestant in contestants)
    {
        Console.Error.WriteLine($"pass {pass} of {options.Passes}: {contestant.Name}");
        using Stage stage = new(contestant, options.Directory);
        stage.Mount();
        foreach (Workload workload in workloads.All)
        {
            report.Add(contestant.Name, workload.Name, workload.Unit, Workloads.Measure(workload, stage));
        }

        stage.Unmount();
        if (contestant.Mount.Length > 0)
        {
            report.AddFigure(contestant.Name, "mount, ms", stage.MountMilliseconds);
            report.AddFigure(contestant.Name, "peak memory, MiB", stage.PeakMiB);
            report.AddFigure(contestant.Name, "processor, s", stage.CpuSeconds);
        }
    }
}

Console.WriteLine(report.ToMarkdown(options));
return 0;
