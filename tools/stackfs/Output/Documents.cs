using System.Text.Json;

namespace StackFs.Cli.Output;

/// <summary>Shows JSON documents as they are, or as fields for people: one source for both.</summary>
internal static class Documents
{
    /// <summary>A JSON array on standard output.</summary>
    public static void WriteArray(IReadOnlyList<JsonDocument> documents) => Json.ToStandardOutput(writer =>
    {
        writer.WriteStartArray();
        foreach (JsonDocument document in documents)
        {
            document.RootElement.WriteTo(writer);
        }

        writer.WriteEndArray();
    });

    /// <summary>One document as names and values; those of an inner object follow its name and a dot.</summary>
    public static void WriteFields(JsonDocument document) => Tables.WriteFields(Flatten(document.RootElement, string.Empty));

    /// <summary>One field as text, or a dash where it is missing.</summary>
    public static string Field(JsonDocument document, string name) =>
        document.RootElement.TryGetProperty(name, out JsonElement value) ? Text(value) : "-";

    private static IEnumerable<(string Name, string Value)> Flatten(JsonElement element, string prefix)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach ((string Name, string Value) inner in Flatten(property.Value, $"{prefix}{property.Name}."))
                {
                    yield return inner;
                }
            }
            else
            {
                yield return (prefix + property.Name, Text(property.Value));
            }
        }
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array when value.GetArrayLength() == 0 => "-",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(v => v.ToString())),
        _ => value.ToString(),
    };
}
