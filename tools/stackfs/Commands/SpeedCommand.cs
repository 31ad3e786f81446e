using System.CommandLine;
using System.Globalization;
using StackFs.Cli.Measuring;
using StackFs.Cli.Output;
using StackFs.Fuse;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs speed [--json]</c>.</summary>
internal static class SpeedCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "print a JSON array" };
        Command command = new("speed", "measure ciphers and the way to the kernel on this machine") { json };
        command.SetAction(result => (int)Run(result.GetValue(json)));
        return command;
    }

    private static ExitCode Run(bool json)
    {
        List<Speed> speeds = [.. CipherSpeeds.Measure()];
        try
        {
            speeds.Add(CarrierSpeed.Measure());
        }
        catch (FuseMountException error)
        {
            Messages.Warning($"the way to the kernel is not measured: {error.Message}");
        }

        if (json)
        {
            WriteJson(speeds);
        }
        else
        {
            Tables.Write(
                ["WHAT, ON ONE CORE", "ENCRYPT", "DECRYPT", "UNIT"],
                speeds.Select(s => (IReadOnlyList<string>)[s.Name, Number(s.Forth), s.Back is double back ? Number(back) : "", s.Unit]));
        }

        return ExitCode.Success;
    }

    private static void WriteJson(List<Speed> speeds) => Json.ToStandardOutput(writer =>
    {
        writer.WriteStartArray();
        foreach (Speed speed in speeds)
        {
            writer.WriteStartObject();
            writer.WriteString("what", speed.Name);
            writer.WriteString("unit", speed.Unit);
            if (speed.Back is double back)
            {
                writer.WriteNumber("encrypt", Math.Round(speed.Forth));
                writer.WriteNumber("decrypt", Math.Round(back));
            }
            else
            {
                writer.WriteNumber("requests", Math.Round(speed.Forth));
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
