using System.Globalization;
using System.Text;

namespace StackFs.Benchmarks;

/// <summary>Collects the figures of all passes and prints their medians as a table.</summary>
internal sealed class Report(IReadOnlyList<string> names)
{
    private readonly Dictionary<string, string> _units = [];
    private readonly Dictionary<(string Row, string Name), List<double>> _speeds = [];
    private readonly Dictionary<(string Row, string Name), List<double>> _figures = [];

    public void Add(string name, string row, string unit, double speed)
    {
        _units[row] = unit;
        Into(_speeds, row, name, speed);
    }

    /// <summary>An absolute figure, not compared with the bare directory.</summary>
    public void AddFigure(string name, string row, double value) => Into(_figures, row, name, value);

    public string ToMarkdown(Options options)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors, Linux {Environment.OSVersion.Version}, in {options.Directory}; {options.Passes} passes, {options.Mebibytes} MiB streamed, {options.Files} files\n");
        text.Append("| workload | unit |").AppendLine(string.Concat(names.Select(n => $" {n} |")));
        text.Append("|---|---|").AppendLine(string.Concat(names.Select(_ => "---:|")));
        foreach ((string row, string unit) in _units)
        {
            double bare = Median(_speeds[(row, Contestant.Bare.Name)]);
            text.Append(CultureInfo.InvariantCulture, $"| {row} | {unit} |")
                .AppendLine(string.Concat(names.Select(n => $" {Number(Median(_speeds[(row, n)]))}{(n == Contestant.Bare.Name ? "" : $" ({Median(_speeds[(row, n)]) / bare:F2})")} |")));
        }

        foreach (string row in _figures.Keys.Select(k => k.Row).Distinct())
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row} | |")
                .AppendLine(string.Concat(names.Select(n => _figures.TryGetValue((row, n), out List<double>? v) ? $" {Number(Median(v))} |" : " – |")));
        }

        text.Append("| **geometric mean of the ratios** | |")
            .AppendLine(string.Concat(names.Select(n => $" {GeometricMean(n):F3} |")));
        return text.ToString();
    }

    private double GeometricMean(string name) =>
        Math.Exp(_units.Keys.Average(row => Math.Log(Median(_speeds[(row, name)]) / Median(_speeds[(row, Contestant.Bare.Name)]))));

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Number(double value) => value.ToString(value < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);

    private static void Into(Dictionary<(string, string), List<double>> table, string row, string name, double value)
    {
        if (!table.TryGetValue((row, name), out List<double>? values))
        {
            table[(row, name)] = values = [];
        }

        values.Add(value);
    }
}
