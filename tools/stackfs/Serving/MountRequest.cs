using System.Text;

namespace StackFs.Cli.Serving;

/// <summary>
/// What the caller wants mounted. It travels from the command to the serving process through a pipe and not in the
/// argument vector, because an option may hold a passphrase and the argument vector stays readable in /proc for as long
/// as the mount lives.
/// </summary>
/// <param name="Lower">The lower directory, absolute.</param>
/// <param name="Mountpoint">Where it is shown, absolute.</param>
/// <param name="Options">The <c>-o</c> options joined by commas; may be empty.</param>
/// <param name="Foreground">Serve in the process that was called, with messages on standard error.</param>
/// <param name="Sloppy">Unknown options are ignored, as <c>mount -s</c> asks.</param>
/// <param name="Verbose">Say what is done.</param>
/// <param name="CalledAs">The name in front of messages, <see cref="Output.Messages.CalledAs"/>.</param>
internal sealed record MountRequest(
    string Lower, string Mountpoint, string Options, bool Foreground, bool Sloppy, bool Verbose, string CalledAs)
{
    private const int FieldCount = 7;

    /// <summary>The request as NUL-terminated UTF-8 fields.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Concat(
        new[] { Lower, Mountpoint, Options, Flag(Foreground), Flag(Sloppy), Flag(Verbose), CalledAs }.Select(f => f + '\0')));

    /// <summary>The inverse of <see cref="ToBytes"/>; null when the bytes are not a request.</summary>
    public static MountRequest? FromBytes(ReadOnlySpan<byte> bytes)
    {
        string[] fields = Encoding.UTF8.GetString(bytes).Split('\0');
        return fields.Length == FieldCount + 1 && fields[FieldCount].Length == 0
            ? new MountRequest(fields[0], fields[1], fields[2], fields[3] == "1", fields[4] == "1", fields[5] == "1", fields[6])
            : null;
    }

    private static string Flag(bool value) => value ? "1" : "0";
}
