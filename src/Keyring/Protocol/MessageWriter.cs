using System.Buffers.Binary;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Protocol;

/// <summary>Puts a message together: the mirror image of <see cref="MessageReader"/>.</summary>
internal sealed class MessageWriter
{
    private readonly byte[] _bytes = new byte[Wire.MaximumMessage];
    private int _length;

    internal MessageWriter(MessageType type)
    {
        Byte(Wire.Version);
        Byte((byte)type);
        UInt16(0);
    }

    /// <summary>The message so far.</summary>
    internal ReadOnlySpan<byte> Packet => _bytes.AsSpan(0, _length);

    internal MessageWriter Byte(byte value)
    {
        _bytes[_length++] = value;
        return this;
    }

    internal MessageWriter UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length), checked((ushort)value));
        _length += sizeof(ushort);
        return this;
    }

    internal MessageWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(_length), value);
        _length += sizeof(uint);
        return this;
    }

    internal MessageWriter Id(VolumeKeyId id)
    {
        id.CopyTo(_bytes.AsSpan(_length));
        _length += VolumeKeyId.Length;
        return this;
    }

    /// <summary>A text, cut to <paramref name="longest"/> bytes.</summary>
    internal MessageWriter Text(ReadOnlySpan<byte> text, int longest)
    {
        text = text[..Math.Min(text.Length, longest)];
        UInt16(text.Length);
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
        return this;
    }
}
