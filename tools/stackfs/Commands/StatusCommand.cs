using System.CommandLine;
using System.Text.Json;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs status [MOUNTPOINT|LOWER] [--json]</c>.</summary>
internal static class StatusCommand
{
    /// <summary>The columns of the list: heading and field of the status document.</summary>
    private static readonly (string Heading, string Field)[] Columns =
    [
        ("MOUNTPOINT", "mountpoint"), ("LOWER", "lower"), ("FORMAT", "format"), ("NAMES", "names"),
        ("SIGNATURE", "signature"), ("KEY", "key"), ("CARRIER", "carrier"), ("PID", "pid"),
    ];

    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string?> path = new("PATH")
        {
            Description = "one mount only, by its mount point or its lower directory",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> json = new("--json") { Description = "print a JSON array" };
        Command command = new("status", "list what is mounted, or tell all about one mount") { path, json };
        command.SetAction(result => (int)Run(result.GetValue(path), result.GetValue(json)));
        return command;
    }

    private static ExitCode Run(string? path, bool json)
    {
        IReadOnlyList<OurMount> mounts = path is null
            ? OurMount.All()
            : [OurMount.Find(path) ??
                throw new CommandException(ExitCode.NotMounted, $"{path}: no StackFs mount there", "see what is mounted: stackfs status")];
        List<JsonDocument> documents = [.. mounts.Select(Describe)];
        try
        {
            if (json)
            {
                Documents.WriteArray(documents);
            }
            else if (path is not null)
            {
                Documents.WriteFields(documents[0]);
            }
            else if (documents.Count > 0)
            {
                Tables.Write(
                    [.. Columns.Select(c => c.Heading)],
                    documents.Select(d => Columns.Select(c => Documents.Field(d, c.Field)).ToList()));
            }
            else
            {
                Messages.Note("nothing is mounted");
            }
        }
        finally
        {
            documents.ForEach(d => d.Dispose());
        }

        return ExitCode.Success;
    }

    /// <summary>The serving process's own words; where it does not answer, what the kernel knows.</summary>
    private static JsonDocument Describe(OurMount mount) =>
        StatusClient.Ask(mount, StatusRequests.Status) ??
        JsonDocument.Parse(Json.ToBytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("mountpoint", mount.Mountpoint);
            writer.WriteString("lower", mount.Lower);
            writer.WriteBoolean("answering", false);
            writer.WriteEndObject();
        }));
}
