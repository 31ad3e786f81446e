using StackFs.Codecs.Ecryptfs;
using StackFs.Content;
using StackFs.Content.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Vectors.Ecryptfs;

/// <summary>A lower file in memory, with room for so many octets and short writes.</summary>
internal sealed class MemoryFile : LowerFile
{
    internal byte[] Bytes { get; private set; } = [];

    internal byte[]? Attribute { get; set; }

    internal long Room { get; set; } = long.MaxValue;

    internal int LongestWrite { get; set; } = int.MaxValue;

    internal LowerAttributes Attributes => new MemoryAttributes(this);

    internal void Load(byte[] bytes) => Bytes = bytes;

    public override Errno GetLength(out long length)
    {
        length = Bytes.Length;
        return Errno.None;
    }

    public override Errno Read(long lowerOffset, Span<byte> buffer, out int count)
    {
        count = (int)Math.Clamp(Bytes.Length - lowerOffset, 0, buffer.Length);
        Bytes.AsSpan((int)Math.Min(lowerOffset, Bytes.Length), count).CopyTo(buffer);
        return Errno.None;
    }

    public override Errno Write(long lowerOffset, ReadOnlySpan<byte> data, out int count)
    {
        count = (int)Math.Clamp(Math.Max(Room, Bytes.Length) - lowerOffset, 0, Math.Min(data.Length, LongestWrite));
        if (count == 0)
        {
            return Errno.ENOSPC;
        }

        if (lowerOffset + count > Bytes.Length)
        {
            _ = SetLength(lowerOffset + count);
        }

        data[..count].CopyTo(Bytes.AsSpan((int)lowerOffset));
        return Errno.None;
    }

    public override Errno SetLength(long length)
    {
        byte[] bytes = Bytes;
        Array.Resize(ref bytes, (int)length);
        Bytes = bytes;
        return Errno.None;
    }

    public override Errno SetLengthKeepingTimes(long length) => SetLength(length);

    public override Errno Sync(bool dataOnly) => Errno.None;

    public override Errno SeekData(long lowerOffset, out long found)
    {
        found = lowerOffset;
        return Errno.None;
    }

    public override Errno SeekHole(long lowerOffset, out long found)
    {
        found = Bytes.Length;
        return Errno.None;
    }

    public override Errno Allocate(int mode, long lowerOffset, long length) => Errno.None;

    public override Errno LockHeader(bool forWriting) => Errno.None;

    public override void UnlockHeader()
    {
    }

    private sealed class MemoryAttributes(MemoryFile owner) : LowerAttributes
    {
        internal override Errno Read(Span<byte> value, out int length)
        {
            length = owner.Attribute?.Length ?? 0;
            owner.Attribute?.CopyTo(value);
            return Errno.None;
        }

        internal override Errno Write(ReadOnlySpan<byte> value)
        {
            Assert.InRange(value.Length, 1, EcryptfsFormat.ParsedSize);
            owner.Attribute = value.ToArray();
            return Errno.None;
        }
    }
}
