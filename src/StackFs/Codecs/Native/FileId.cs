using System.Buffers.Binary;

namespace StackFs.Codecs.Native;

/// <summary>The 16 random bytes that tell a file from every other (FORMAT.md section 2.1). Not secret.</summary>
/// <param name="Low">Bytes 0 to 7.</param>
/// <param name="High">Bytes 8 to 15.</param>
internal readonly record struct FileId(ulong Low, ulong High)
{
    /// <summary>The id in 16 bytes.</summary>
    internal static FileId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

    /// <summary>Writes the 16 bytes.</summary>
    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Low);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], High);
    }

    /// <summary>32 hex digits, in the order of the bytes.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[NativeFormat.FileIdSize];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
