using StackFs.Content;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Properties.Content;

/// <summary>One operation on an upper file, on the engine and on a plain array alike.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Offset">Where, or the new size; counted from the file's end when <paramref name="FromEnd"/>.</param>
/// <param name="Length">How much.</param>
/// <param name="FromEnd">Whether the offset counts from the end.</param>
internal sealed record ContentStep(StepKind Kind, long Offset = 0, long Length = 0, bool FromEnd = false)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind}({(FromEnd ? "end+" : "")}{Offset}, {Length})";

    /// <summary>The content after the step, if all of it is done. <paramref name="value"/> fills what a write writes.</summary>
    public byte[] Apply(byte[] before, byte value)
    {
        long offset = Start(before.Length);
        switch (Kind)
        {
            case StepKind.Write:
                byte[] written = Resized(before, Math.Max(before.Length, offset + Length));
                Pattern(offset, value, written.AsSpan((int)offset, (int)Length));
                return written;
            case StepKind.Truncate:
                return Resized(before, offset);
            case StepKind.Punch:
                byte[] punched = Resized(before, before.Length);
                Clear(punched, offset, Length);
                return punched;
            case StepKind.ZeroRange:
                byte[] zeroed = Resized(before, Math.Max(before.Length, offset + Length));
                Clear(zeroed, offset, Length);
                return zeroed;
            case StepKind.Allocate:
                return Resized(before, Math.Max(before.Length, offset + Length));
            default:
                return before;
        }
    }

    /// <summary>Does the step on the engine.</summary>
    /// <param name="file">The engine.</param>
    /// <param name="value">Fills what a write writes.</param>
    /// <param name="scratch">Its buffers.</param>
    /// <param name="count">Bytes written, where the step writes.</param>
    public Errno Perform(OpenFile file, byte value, ContentScratch scratch, out int count)
    {
        count = 0;
        long offset = Start(file.Size);
        switch (Kind)
        {
            case StepKind.Write:
                byte[] source = new byte[Length];
                Pattern(offset, value, source);
                return file.Write(offset, source, scratch, out count);
            case StepKind.Truncate:
                return file.Truncate(offset, scratch);
            case StepKind.Punch:
                return file.Allocate(0x03, offset, Length, scratch);
            case StepKind.ZeroRange:
                return file.Allocate(0x10, offset, Length, scratch);
            case StepKind.Allocate:
                return file.Allocate(0, offset, Length, scratch);
            case StepKind.Seal:
                return file.Seal(scratch);
            case StepKind.Sync:
                return file.Sync(dataOnly: true, scratch);
            default:
                throw new ArgumentOutOfRangeException(nameof(file), Kind, null);
        }
    }

    // Tells the write by its high bits and the extent by its low ones, and is never zero.
    private static void Pattern(long offset, byte value, Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((value << 3) | 1 | (int)((ExtentLayout.IndexOf(offset + i) & 3) << 1));
        }
    }

    private static byte[] Resized(byte[] before, long length)
    {
        byte[] after = new byte[length];
        before.AsSpan(0, (int)Math.Min(before.Length, length)).CopyTo(after);
        return after;
    }

    private static void Clear(byte[] content, long offset, long length)
    {
        int from = (int)Math.Min(offset, content.Length);
        content.AsSpan(from, (int)Math.Min(length, content.Length - from)).Clear();
    }

    private long Start(long size) => Math.Max(FromEnd ? size + Offset : Offset, 0);
}

/// <summary>What a <see cref="ContentStep"/> does.</summary>
internal enum StepKind
{
    /// <summary>Writes.</summary>
    Write,

    /// <summary>Sets the size to the offset.</summary>
    Truncate,

    /// <summary>Punches a hole.</summary>
    Punch,

    /// <summary>Zeroes, growing the file.</summary>
    ZeroRange,

    /// <summary>Allocates, growing the file.</summary>
    Allocate,

    /// <summary>Seals.</summary>
    Seal,

    /// <summary>Seals and syncs.</summary>
    Sync,
}
