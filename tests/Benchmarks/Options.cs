using System.Globalization;

namespace StackFs.Benchmarks;

/// <summary>The command line of tools/bench.</summary>
internal sealed record Options
{
    public const string Usage =
        """
        usage: tools/bench [OPTIONS]

        Runs the same workloads on the bare directory, on StackFs and on gocryptfs where it is installed, in turn, and
        prints a table. A ratio is speed relative to the bare directory: 1.00 is as fast, higher is better.

          --dir DIR               where the directories go (default: the temporary directory); a tmpfs such as
                                  /dev/shm takes the disk out of the figures
          --passes N              interleaved passes; the table shows medians (default 3)
          --quick                 one pass, small sizes
          --only NAME[,NAME]      these contestants, and the bare directory
          --add NAME INIT MOUNT   one more: shell commands with {lower}, {mnt} and {pass} (a passphrase file); MOUNT
                                  stays in the foreground
        """;

    public string Directory { get; private set; } = Path.GetTempPath().TrimEnd('/');

    public int Passes { get; private set; } = 3;

    public int Mebibytes { get; private set; } = 256;

    public int Files { get; private set; } = 5000;

    public bool Help { get; private set; }

    public HashSet<string> Only { get; } = [];

    public List<Contestant> Added { get; } = [];

    public static Options Parse(string[] args)
    {
        Options options = new();
        Queue<string> rest = new(args);
        string Next(string of) => rest.TryDequeue(out string? value) ? value : throw new ArgumentException($"{of} needs a value");
        while (rest.TryDequeue(out string? option))
        {
            switch (option)
            {
                case "--dir":
                    options.Directory = Path.GetFullPath(Next(option));
                    break;
                case "--passes":
                    options.Passes = int.TryParse(Next(option), CultureInfo.InvariantCulture, out int passes) && passes > 0 ? passes : throw new ArgumentException("--passes needs a number from 1");
                    break;
                case "--quick":
                    (options.Passes, options.Mebibytes, options.Files) = (1, 64, 1000);
                    break;
                case "--only":
                    options.Only.UnionWith(Next(option).Split(','));
                    break;
                case "--add":
                    options.Added.Add(new Contestant(Next(option), Next(option), Next(option)));
                    break;
                case "--help" or "-h":
                    options.Help = true;
                    break;
                default:
                    throw new ArgumentException($"unknown argument: {option}");
            }
        }

        return options;
    }
}
