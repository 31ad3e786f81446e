using System.Globalization;
using System.Text.Json;
using StackFs.Cli.Output;
using StackFs.Keyring.Slots;

namespace StackFs.Cli.Keys;

/// <summary>Shows a volume's slots. Fields of the JSON are added, never renamed.</summary>
internal static class SlotReport
{
    /// <summary>A JSON array.</summary>
    public static void WriteJson(KeySlotSet slots) => Json.ToStandardOutput(writer =>
    {
        writer.WriteStartArray();
        for (int i = 0; i < slots.Slots.Length; i++)
        {
            Write(writer, i, slots.Slots[i]);
        }

        writer.WriteEndArray();
    });

    /// <summary>One line for each slot.</summary>
    public static void WriteTable(KeySlotSet slots) => Tables.Write(
        ["SLOT", "KIND", "KEY"],
        slots.Slots.Select((slot, i) => (string[])[i.ToString(CultureInfo.InvariantCulture), KeyringReport.KindOf(slot.Type), Describe(slot)]));

    /// <summary>The words for an algorithm, as <c>stackfs keygen --type</c> takes them where there is one.</summary>
    public static string NameOf(SlotAlgorithm algorithm) => algorithm switch
    {
        SlotAlgorithm.RsaOaep => "rsa",
        SlotAlgorithm.EcdhP256 => "ec-p256",
        SlotAlgorithm.EcdhP384 => "ec-p384",
        SlotAlgorithm.EcdhP521 => "ec-p521",
        SlotAlgorithm.X25519 => "x25519",
        _ => "unknown",
    };

    private static void Write(Utf8JsonWriter writer, int number, KeySlot slot)
    {
        writer.WriteStartObject();
        writer.WriteNumber("slot", number);
        writer.WriteString("kind", KeyringReport.KindOf(slot.Type));
        if (slot.Type == SlotType.PublicKey)
        {
            writer.WriteString("algorithm", NameOf(slot.Algorithm));
            writer.WriteString("fingerprint", Convert.ToHexStringLower(slot.Fingerprint));
        }
        else if (slot.Cost is { } cost)
        {
            writer.WriteStartObject("scrypt");
            writer.WriteNumber("logN", cost.LogN);
            writer.WriteNumber("r", cost.R);
            writer.WriteNumber("p", cost.P);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static string Describe(KeySlot slot) => slot.Type switch
    {
        SlotType.PublicKey => $"{NameOf(slot.Algorithm)} {Convert.ToHexStringLower(slot.Fingerprint)}",
        SlotType.Passphrase when slot.Cost is { } cost =>
            string.Create(CultureInfo.InvariantCulture, $"scrypt, N 2^{cost.LogN}, r {cost.R}, p {cost.P}"),
        _ => "-",
    };
}
