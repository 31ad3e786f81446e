using System.Buffers;

namespace StackFs.Keyring.Volumes;

/// <summary>Hexadecimal text of an exact length. For names, never for secrets.</summary>
internal static class HexText
{
    /// <summary>Parses exactly twice as many digits as <paramref name="bytes"/> is long.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, Span<byte> bytes) =>
        text.Length == bytes.Length * 2
        && Convert.FromHexString(text, bytes, out _, out int written) == OperationStatus.Done
        && written == bytes.Length;
}
