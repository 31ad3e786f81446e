using System.CommandLine;
using System.Text.Json;
using StackFs.Cli.Inspection;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs info PATH... [--json]</c>.</summary>
internal static class InfoCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string[]> paths = new("PATH")
        {
            Description = "a file or directory, in a lower directory or in a mount",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> json = new("--json") { Description = "print a JSON array" };
        Command command = new("info", "tell about one stored file or volume, without a key") { paths, json };
        command.SetAction(result => (int)Run(result.GetRequiredValue(paths), result.GetValue(json)));
        return command;
    }

    private static ExitCode Run(IReadOnlyList<string> paths, bool json)
    {
        List<JsonDocument> documents = [];
        ExitCode worst = ExitCode.Success;
        foreach (string path in paths)
        {
            ExitCode code = Program.Guard(() =>
            {
                documents.Add(Describe(path));
                return ExitCode.Success;
            });
            worst = worst == ExitCode.Success ? code : worst;
        }

        if (json)
        {
            Documents.WriteArray(documents);
        }
        else
        {
            for (int i = 0; i < documents.Count; i++)
            {
                if (i > 0)
                {
                    Console.Out.WriteLine();
                }

                Documents.WriteFields(documents[i]);
            }
        }

        return worst;
    }

    private static JsonDocument Describe(string path)
    {
        string canonical = OurMount.Canonical(path);
        if (OurMount.Containing(canonical) is not OurMount mount)
        {
            return JsonDocument.Parse(DescribeLower(path));
        }

        string relative = canonical.Length == mount.Mountpoint.Length ? string.Empty : canonical[(mount.Mountpoint.TrimEnd('/').Length + 1)..];
        JsonDocument answer = StatusClient.Ask(mount, StatusRequests.Info + relative) ??
            throw new CommandException(ExitCode.Failure, $"{path}: the process that serves {mount.Mountpoint} does not answer");
        return answer.RootElement.TryGetProperty("errno", out JsonElement errno)
            ? throw Error(path, (Errno)errno.GetInt32())
            : answer;
    }

    private static byte[] DescribeLower(string path) => Json.ToBytes(writer =>
    {
        Errno errno = LowerFileReport.Open(path, out SafeFd? file);
        using (file)
        {
            writer.WriteStartObject();
            writer.WriteString("path", path);
            errno = errno == Errno.None ? LowerFileReport.Describe(writer, file!) : errno;
            writer.WriteEndObject();
            if (errno != Errno.None)
            {
                throw Error(path, errno);
            }
        }
    });

    private static CommandException Error(string path, Errno errno) => errno switch
    {
        Errno.ENOENT or Errno.ENOTDIR => new CommandException(ExitCode.NotFound, $"{path}: no such file or directory"),
        Errno.EACCES or Errno.EPERM => new CommandException(ExitCode.NotPermitted, $"{path}: {ErrnoText.Of(errno)}"),
        _ => new CommandException(ExitCode.Failure, $"{path}: {ErrnoText.Of(errno)}"),
    };
}
