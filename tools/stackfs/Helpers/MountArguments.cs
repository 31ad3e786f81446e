namespace StackFs.Cli.Helpers;

/// <summary>
/// The calling convention between mount(8) and its helpers: <c>mount.TYPE SPEC DIR [-sfnv] [-N NS] [-o OPTIONS]
/// [-t TYPE]</c>.
/// </summary>
/// <param name="Lower">SPEC: the lower directory.</param>
/// <param name="Mountpoint">DIR.</param>
/// <param name="Options">All -o, joined by commas.</param>
/// <param name="Sloppy">-s: ignore unknown options.</param>
/// <param name="Fake">-f: do everything but the mounting.</param>
/// <param name="Verbose">-v.</param>
internal sealed record MountArguments(
    string Lower, string Mountpoint, string Options, bool Sloppy, bool Fake, bool Verbose)
{
    private const string Synopsis = "usage: mount.stackfs LOWER MOUNTPOINT [-sfnv] [-o OPTIONS]";

    /// <summary>Parses the helper's arguments; letters may be bundled, and options may stand anywhere.</summary>
    /// <exception cref="CommandException">An argument is unknown or missing.</exception>
    public static MountArguments Parse(IReadOnlyList<string> arguments)
    {
        List<string> operands = [];
        List<string> options = [];
        bool sloppy = false, fake = false, verbose = false;
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument.Length < 2 || argument[0] != '-')
            {
                operands.Add(argument);
                continue;
            }

            for (int letter = 1; letter < argument.Length; letter++)
            {
                switch (argument[letter])
                {
                    case 's':
                        sloppy = true;
                        break;
                    case 'f':
                        fake = true;
                        break;
                    case 'v':
                        verbose = true;
                        break;
                    case 'n': // There has been no mtab to leave alone for years.
                    case 'r' or 'w':
                        options.Add(argument[letter] switch { 'r' => "ro", 'w' => "rw", _ => string.Empty });
                        break;
                    case 'o' or 't' or 'N':
                        string value = letter + 1 < argument.Length ? argument[(letter + 1)..]
                            : ++i < arguments.Count ? arguments[i]
                            : throw Wrong($"-{argument[letter]} needs a value");
                        if (argument[letter] == 'o')
                        {
                            options.Add(value);
                        }

                        letter = argument.Length;
                        break;
                    default:
                        throw Wrong($"unknown option -{argument[letter]}");
                }
            }
        }

        return operands.Count == 2
            ? new MountArguments(
                operands[0], operands[1], string.Join(',', options.Where(o => o.Length > 0)), sloppy, fake, verbose)
            : throw Wrong($"LOWER and MOUNTPOINT are needed, {operands.Count} given");
    }

    private static CommandException Wrong(string message) => new(ExitCode.Usage, message, Synopsis);
}
