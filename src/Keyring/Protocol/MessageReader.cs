using System.Buffers.Binary;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Protocol;

/// <summary>
/// Takes a message apart. Reading past the end or finding what must not be sets <see cref="Failed"/> and gives zeros, so
/// that a handler checks once, with <see cref="IsComplete"/>, before it acts.
/// </summary>
internal ref struct MessageReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Reads the header of a packet.</summary>
    internal MessageReader(ReadOnlySpan<byte> packet)
    {
        _rest = packet;
        Failed = ReadByte() != Wire.Version;
        Type = (MessageType)ReadByte();
        ReadReserved(2);
    }

    /// <summary>The message's type, which may be unknown.</summary>
    internal MessageType Type { get; }

    /// <summary>Whether something was wrong.</summary>
    internal bool Failed { get; private set; }

    /// <summary>Whether all was right and everything has been read.</summary>
    internal readonly bool IsComplete => !Failed && _rest.IsEmpty;

    /// <summary>Whether there is nothing more.</summary>
    internal readonly bool AtEnd => _rest.IsEmpty;

    internal byte ReadByte() => Take(1)[0];

    internal ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    internal uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    internal VolumeKeyId ReadId() => new(Take(VolumeKeyId.Length));

    /// <summary>Bytes that must be zero.</summary>
    internal void ReadReserved(int count) => Failed |= Take(count).ContainsAnyExcept((byte)0);

    /// <summary>A text of at most <paramref name="longest"/> bytes.</summary>
    internal ReadOnlySpan<byte> ReadText(int longest)
    {
        int length = ReadUInt16();
        Failed |= length > longest;
        return Failed ? default : Take(length);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (Failed || count > _rest.Length)
        {
            Failed = true;
            return new byte[count];
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
