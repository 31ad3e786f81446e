using System.Globalization;
using System.Text.Json;
using StackFs.Cli.Interop;
using StackFs.Cli.Output;
using StackFs.Keyring.Client;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Slots;

namespace StackFs.Cli.Keys;

/// <summary>Shows what the keyring holds. Fields of the JSON are added, never renamed.</summary>
internal static class KeyringReport
{
    private static readonly string[] Headings = ["SIGNATURE", "KIND", "OWNER", "AGE", "LEFT", "USED BY", "VOLUME"];

    /// <summary>A JSON array; times are whole seconds, and null stands for no limit.</summary>
    public static void WriteJson(IReadOnlyList<KeyringEntry> entries) => Json.ToStandardOutput(writer =>
    {
        writer.WriteStartArray();
        foreach (KeyringEntry entry in entries)
        {
            Write(writer, entry);
        }

        writer.WriteEndArray();
    });

    /// <summary>One line for each key.</summary>
    public static void WriteTable(IReadOnlyList<KeyringEntry> entries) => Tables.Write(Headings, entries.Select(Row));

    /// <summary>What a slot or key is opened by, in the words of every list.</summary>
    public static string KindOf(SlotType kind) => kind switch
    {
        SlotType.Passphrase => "passphrase",
        SlotType.PublicKey => "pem",
        SlotType.Recovery => "recovery",
        _ => string.Create(CultureInfo.InvariantCulture, $"type {(int)kind}"),
    };

    private static void Write(Utf8JsonWriter writer, KeyringEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteString("signature", entry.Id.Signature.ToString());
        writer.WriteString("id", entry.Id.ToString());
        writer.WriteString("kind", KindOf(entry.Kind));
        writer.WriteString("state", StateOf(entry));
        writer.WriteNumber("owner", entry.Owner);
        writer.WriteString("volume", entry.VolumePath);
        writer.WriteNumber("age", (long)entry.Age.TotalSeconds);
        WriteTime(writer, "lifetimeLeft", entry.LifetimeLeft);
        WriteTime(writer, "idleLeft", entry.IdleLeft);
        writer.WriteNumber("leases", entry.LeaseCount);
        writer.WriteStartArray("mounts");
        foreach (KeyringHolder holder in entry.Holders)
        {
            writer.WriteStartObject();
            writer.WriteString("mountpoint", holder.MountPoint);
            writer.WriteNumber("pid", holder.Process);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, TimeSpan? time)
    {
        if (time is { } left)
        {
            writer.WriteNumber(name, (long)left.TotalSeconds);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static string[] Row(KeyringEntry entry) =>
    [
        entry.Id.Signature.ToString(),
        KindOf(entry.Kind),
        NameOf(entry.Owner),
        Seconds.Text(entry.Age),
        entry.State == KeyState.Leaving ? StateOf(entry) : Left(entry),
        UsedBy(entry),
        entry.VolumePath,
    ];

    private static string StateOf(KeyringEntry entry) => entry.State == KeyState.Leaving ? "leaving" : "held";

    /// <summary>Until the first of its times runs out.</summary>
    private static string Left(KeyringEntry entry) => (entry.LifetimeLeft, entry.IdleLeft) switch
    {
        (null, null) => "-",
        ({ } life, null) => Seconds.Text(life),
        (null, { } idle) => $"{Seconds.Text(idle)} idle",
        ({ } life, { } idle) => life <= idle ? Seconds.Text(life) : $"{Seconds.Text(idle)} idle",
    };

    private static string UsedBy(KeyringEntry entry)
    {
        if (entry.LeaseCount == 0)
        {
            return "-";
        }

        string listed = string.Join(", ", entry.Holders.Select(holder => holder.MountPoint));
        int more = entry.LeaseCount - entry.Holders.Length;
        return more == 0 ? listed : string.Create(CultureInfo.InvariantCulture, $"{listed}, and {more} more");
    }

    private static string NameOf(uint user) => user == 0 ? "root"
        : user == Posix.EffectiveUser ? Environment.UserName
        : user.ToString(CultureInfo.InvariantCulture);
}
