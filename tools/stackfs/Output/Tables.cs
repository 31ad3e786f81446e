using Spectre.Console;

namespace StackFs.Cli.Output;

/// <summary>Tables and field lists on standard output.</summary>
internal static class Tables
{
    /// <summary>Rows below a line of headings, without borders, so that they read and cut like those of findmnt(8).</summary>
    public static void Write(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        Table table = new() { Border = TableBorder.None, ShowHeaders = true };
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        Render(table);
    }

    /// <summary>Names and their values, one a line.</summary>
    public static void WriteFields(IEnumerable<(string Name, string Value)> fields)
    {
        Table table = new() { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumn(new TableColumn(string.Empty) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        table.AddColumn(new TableColumn(string.Empty) { Padding = new Padding(0, 0, 0, 0) });
        foreach ((string name, string value) in fields)
        {
            table.AddRow(new Text(name), new Text(value));
        }

        Render(table);
    }

    private static void Render(Table table)
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
        });

        // A pipe has no width: what goes into it is for programs, which lines broken at column 80 would mislead.
        console.Profile.Width = Console.IsOutputRedirected ? short.MaxValue : Math.Max(Console.WindowWidth, 40);
        console.Write(table);
        foreach (string line in text.ToString().TrimEnd('\n').Split('\n'))
        {
            Console.Out.WriteLine(line.TrimEnd());
        }
    }
}
