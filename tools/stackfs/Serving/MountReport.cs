using System.Globalization;
using System.Text;
using System.Text.Json;
using StackFs.Cli.Inspection;
using StackFs.Cli.Output;
using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;
using StackFs.Mounting;
using StackFs.Operations;

namespace StackFs.Cli.Serving;

/// <summary>
/// Answers a mount's <see cref="StatusServer"/>: the document that <c>stackfs status --json</c> prints. Fields are added,
/// never renamed.
/// </summary>
internal sealed class MountReport(MountRequest request, OpenedVolume opened, FuseMount mount, ServerLog log)
{
    private readonly DateTime _started = DateTime.UtcNow;

    /// <summary>The session that serves the mount, once there is one.</summary>
    public FuseSession? Session { get; set; }

    /// <summary>The JSON answer to a request line (<see cref="StatusRequests"/>).</summary>
    public byte[] Answer(string line) => Json.ToBytes(writer =>
    {
        writer.WriteStartObject();
        if (line == StatusRequests.Status)
        {
            WriteStatus(writer);
        }
        else if (line.StartsWith(StatusRequests.Info, StringComparison.Ordinal))
        {
            WriteInfo(writer, line[StatusRequests.Info.Length..]);
        }

        else if (line == StatusRequests.Config && new ConfigFile(opened.LowerRoot).ReadBytes() is { } config)
        {
            writer.WriteBase64String("config", config);
        }

        writer.WriteEndObject();
    });

    private void WriteInfo(Utf8JsonWriter writer, string upper)
    {
        Errno errno = opened.Filesystem.OpenLower(Encoding.UTF8.GetBytes(upper), out SafeFd? path, out byte[] lower);
        SafeFd? file = null;
        using (path)
        {
            errno = errno == Errno.None ? Libc.Reopen(path!, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out file) : errno;
        }

        using (file)
        {
            writer.WriteString("path", Path.Combine(mount.MountPoint, upper));
            writer.WriteString("lower", Path.Combine(request.Lower, Encoding.UTF8.GetString(lower)));
            errno = errno == Errno.None ? LowerFileReport.Describe(writer, file!) : errno;
            if (errno != Errno.None)
            {
                writer.WriteNumber("errno", (int)errno);
            }
        }
    }

    private void WriteStatus(Utf8JsonWriter writer)
    {
        writer.WriteString("mountpoint", mount.MountPoint);
        writer.WriteString("lower", request.Lower);
        writer.WriteBoolean("answering", true);
        writer.WriteNumber("pid", Environment.ProcessId);
        writer.WriteString("started", _started.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        FormatDescription format = opened.Filesystem.Format;
        writer.WriteString("format", format.Name);
        if (format.Legacy is { } legacy)
        {
            writer.WriteString("legacy", legacy);
        }

        writer.WriteString("cipher", format.Cipher);
        writer.WriteString("names", format.EncryptsNames ? "encrypted" : "plain");
        writer.WriteString("signature", format.Signature);
        writer.WriteString("carrier", Session?.Carrier == FuseCarrier.IoUring ? "io_uring" : "/dev/fuse");
        writer.WriteNumber("workers", Session?.Counters.Count ?? 0);
        writer.WriteBoolean("readOnly", opened.Options.IsReadOnly);
        writer.WriteBoolean("allowOther", opened.Options.AllowOther);
        writer.WriteBoolean("sharedLower", opened.Filesystem.IsShared);
        writer.WriteBoolean("writeback", opened.Filesystem.UsesWriteback);
        writer.WriteBoolean("strict", opened.Options.IsStrict);
        writer.WriteString("keySource", opened.Volume?.Lease is KeyringLease ? "keyring" : "mount");
        writer.WriteString("key", KeyText(opened.Filesystem.KeyState));
        writer.WriteString("secretMemory", SecretBuffer.MemoryKind.ToString());
        WriteCounters(writer);
        WriteRequests(writer);
        writer.WriteStartArray("messages");
        foreach (string message in log.Recent)
        {
            writer.WriteStringValue(message);
        }

        writer.WriteEndArray();
    }

    private static string KeyText(KeyState state) => state switch
    {
        KeyState.Held => "held",
        KeyState.Leaving => "leaving",
        _ => "gone",
    };

    private void WriteCounters(Utf8JsonWriter writer)
    {
        IReadOnlyList<WorkerCounters> workers = Session?.Counters ?? [];
        writer.WriteStartObject("counters");
        foreach ((string name, long value) in opened.Filesystem.Counters)
        {
            writer.WriteNumber(name, value);
        }

        writer.WriteNumber("faults", workers.Sum(w => w.Faults));
        writer.WriteNumber("unanswered", workers.Sum(w => w.Unanswered));
        writer.WriteNumber("malformed", workers.Sum(w => w.Malformed));
        writer.WriteNumber("rejected", workers.Sum(w => w.Rejected));
        writer.WriteNumber("interrupts", workers.Sum(w => w.Interrupts));
        writer.WriteEndObject();
    }

    private void WriteRequests(Utf8JsonWriter writer)
    {
        IReadOnlyList<WorkerCounters> workers = Session?.Counters ?? [];
        writer.WriteStartObject("requests");
        foreach (FuseOpcode opcode in Enum.GetValues<FuseOpcode>())
        {
            long count = workers.Sum(w => w.Requests(opcode));
            if (count > 0)
            {
                writer.WriteNumber(opcode.ToString(), count);
            }
        }

        writer.WriteEndObject();
    }
}
