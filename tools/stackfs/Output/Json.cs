using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace StackFs.Cli.Output;

/// <summary>JSON documents, written field by field: no reflection, so that trimming keeps them whole.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a document and a newline to standard output.</summary>
    public static void ToStandardOutput(Action<Utf8JsonWriter> write)
    {
        using Stream output = Console.OpenStandardOutput();
        output.Write(Bytes(write, Indented));
        output.WriteByte((byte)'\n');
    }

    /// <summary>A document on one line.</summary>
    public static byte[] ToBytes(Action<Utf8JsonWriter> write) => Bytes(write, Compact).ToArray();

    private static ReadOnlySpan<byte> Bytes(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, options))
        {
            write(writer);
        }

        return buffer.WrittenSpan;
    }
}
