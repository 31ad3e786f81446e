using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>What reading a header came to; <see cref="EcryptfsErrors"/> turns it into an errno.</summary>
internal enum EcryptfsStatus
{
    /// <summary>Read.</summary>
    Ok = 0,

    /// <summary>No eCryptfs metadata: too short for the marker, or the marker is not there.</summary>
    NotEcryptfs = 1,

    /// <summary>A format version after 3.</summary>
    UnknownVersion = 2,

    /// <summary>A header region of no octets, of a part of an extent, or larger than is believed.</summary>
    BadHeaderSize = 3,

    /// <summary>A size that no file has.</summary>
    BadSize = 4,

    /// <summary>A packet that runs past the header, or whose fixed octets are wrong.</summary>
    BadPacket = 5,

    /// <summary>A cipher that is not known, a key length that is not the cipher's, or packets that disagree.</summary>
    BadCipher = 6,

    /// <summary>There is not one packet with a file key.</summary>
    NoKeyPacket = 7,

    /// <summary>None of the keys at hand is named by a packet.</summary>
    KeyMissing = 8,

    /// <summary>The named key is at hand and what it unwraps is no file key.</summary>
    KeyRejected = 9,
}

/// <summary>
/// The metadata of an eCryptfs file: from the front of the lower file or from the attribute (FORMAT.md section 3).
/// Immutable; holds no secret.
/// </summary>
internal sealed class EcryptfsHeader
{
    private readonly KeyPacket[] _packets;

    private EcryptfsHeader(long size, byte version, EcryptfsFlags flags, long headerSize, KeyPacket[] packets, int end)
    {
        UpperSize = size;
        Version = version;
        Flags = flags;
        HeaderSize = headerSize;
        _packets = packets;
        PacketsEnd = end;
    }

    /// <summary>Octets of plaintext, as the file claims.</summary>
    internal long UpperSize { get; }

    /// <summary>Format version, 0 to 3.</summary>
    internal byte Version { get; }

    /// <summary>The flag octet, unknown bits included.</summary>
    internal EcryptfsFlags Flags { get; }

    /// <summary>Octets before the first extent when the metadata stands in the file; in attribute mode there are none.</summary>
    internal long HeaderSize { get; }

    /// <summary>The ways to the file key, in the file's order.</summary>
    internal ReadOnlySpan<KeyPacket> Packets => _packets;

    /// <summary>Octets up to the end of the packet set: the length of the attribute's value.</summary>
    internal int PacketsEnd { get; }

    /// <summary>Whether 16 octets carry the marker, and what size they claim.</summary>
    /// <param name="start">The first octets of a file or attribute; 16 are looked at.</param>
    /// <param name="upperSize">The claimed size; negative when it is one that no file has.</param>
    internal static bool TryReadSize(ReadOnlySpan<byte> start, out long upperSize)
    {
        upperSize = 0;
        if (start.Length < EcryptfsFormat.SizeAndMarker
            || (BinaryPrimitives.ReadUInt32BigEndian(start[8..]) ^ EcryptfsFormat.Marker)
                != BinaryPrimitives.ReadUInt32BigEndian(start[12..]))
        {
            return false;
        }

        upperSize = BinaryPrimitives.ReadInt64BigEndian(start);
        return true;
    }

    /// <summary>Reads metadata.</summary>
    /// <param name="area">The front of the file or the attribute's value; at most 4,096 octets are looked at.</param>
    /// <param name="header">What was read; null unless Ok.</param>
    internal static EcryptfsStatus TryParse(ReadOnlySpan<byte> area, out EcryptfsHeader? header)
    {
        header = null;
        area = area[..Math.Min(area.Length, EcryptfsFormat.ParsedSize)];
        if (!TryReadSize(area, out long size))
        {
            return EcryptfsStatus.NotEcryptfs;
        }

        if (area.Length < EcryptfsFormat.FixedSizeVersionZero)
        {
            return EcryptfsStatus.BadPacket;
        }

        byte version = area[16];
        if (version > EcryptfsFormat.Version)
        {
            return EcryptfsStatus.UnknownVersion;
        }

        if (size is < 0 or > EcryptfsFormat.MaxUpperSize)
        {
            return EcryptfsStatus.BadSize;
        }

        int at = EcryptfsFormat.FixedSizeVersionZero;
        long headerSize = EcryptfsFormat.NewHeaderSize;
        if (version > 0)
        {
            at = EcryptfsFormat.FixedSize;
            if (area.Length < at)
            {
                return EcryptfsStatus.BadPacket;
            }

            headerSize = BinaryPrimitives.ReadUInt32BigEndian(area[20..])
                * (long)BinaryPrimitives.ReadUInt16BigEndian(area[24..]);
            if (headerSize is 0 or > EcryptfsFormat.MaxHeaderSize || headerSize % EcryptfsFormat.ExtentSize != 0)
            {
                return EcryptfsStatus.BadHeaderSize;
            }
        }

        EcryptfsStatus status = ReadPackets(area, ref at, out KeyPacket[] packets);
        if (status == EcryptfsStatus.Ok)
        {
            header = new EcryptfsHeader(size, version, (EcryptfsFlags)area[19], headerSize, packets, at);
        }

        return status;
    }

    /// <summary>Writes the metadata of a new, empty file: fixed part and packets.</summary>
    /// <param name="destination">At least 4,096 octets; zero after what is written is the caller's to provide.</param>
    /// <param name="flags">The flag octet.</param>
    /// <param name="packets">One for each key that shall open the file.</param>
    /// <returns>Octets written; the value of the attribute ends there.</returns>
    /// <exception cref="ArgumentException">The packets do not fit.</exception>
    internal static int BuildNew(Span<byte> destination, EcryptfsFlags flags, ReadOnlySpan<KeyPacket> packets)
    {
        int needed = EcryptfsFormat.FixedSize;
        foreach (ref readonly KeyPacket packet in packets)
        {
            needed += packet.EncodedSize;
        }

        // One octet stays for the zero that ends the set.
        if (needed >= EcryptfsFormat.ParsedSize || packets.IsEmpty)
        {
            throw new ArgumentException("The packets must be at least one and fit into the header.", nameof(packets));
        }

        BinaryPrimitives.WriteInt64BigEndian(destination, 0);
        RandomNumberGenerator.Fill(destination.Slice(8, 4));
        uint mark = BinaryPrimitives.ReadUInt32BigEndian(destination[8..]);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], mark ^ EcryptfsFormat.Marker);
        BinaryPrimitives.WriteUInt32BigEndian(
            destination[16..], ((uint)EcryptfsFormat.Version << 24) | (byte)flags);
        BinaryPrimitives.WriteUInt32BigEndian(destination[20..], EcryptfsFormat.ExtentSize);
        BinaryPrimitives.WriteUInt16BigEndian(
            destination[24..], EcryptfsFormat.NewHeaderSize / EcryptfsFormat.ExtentSize);
        int at = EcryptfsFormat.FixedSize;
        foreach (ref readonly KeyPacket packet in packets)
        {
            at += KeyPacketCodec.Write(destination[at..], packet);
        }

        return at;
    }

    /// <summary>
    /// Turns an attribute's value into the header that the encrypted view shows: the attribute's octets without the
    /// flag that says they are one, the fields of the header region rewritten, zeros to 8,192 octets.
    /// </summary>
    /// <param name="attribute">A value that <see cref="TryParse"/> accepts.</param>
    /// <param name="destination">8,192 octets.</param>
    internal static void BuildView(ReadOnlySpan<byte> attribute, Span<byte> destination)
    {
        destination[..EcryptfsFormat.NewHeaderSize].Clear();
        attribute[..Math.Min(attribute.Length, EcryptfsFormat.ParsedSize)].CopyTo(destination);
        destination[19] &= unchecked((byte)~EcryptfsFlags.MetadataInAttribute);
        if (destination[16] > 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[20..], EcryptfsFormat.ExtentSize);
            BinaryPrimitives.WriteUInt16BigEndian(
                destination[24..], EcryptfsFormat.NewHeaderSize / EcryptfsFormat.ExtentSize);
        }
    }

    private static EcryptfsStatus ReadPackets(ReadOnlySpan<byte> area, ref int at, out KeyPacket[] packets)
    {
        List<KeyPacket> found = [];
        packets = [];
        CipherSpec? cipher = null;
        while (true)
        {
            PacketStatus status = KeyPacketCodec.Read(area[at..], out KeyPacket packet, out int consumed);
            if (status == PacketStatus.End)
            {
                break;
            }

            if (status != PacketStatus.Ok)
            {
                return status == PacketStatus.UnknownCipher ? EcryptfsStatus.BadCipher : EcryptfsStatus.BadPacket;
            }

            // The kernel would apply the last packet's cipher to all; no writer makes them differ.
            if (packet.Kind == KeyPacketKind.Passphrase)
            {
                if (cipher is CipherSpec other && other != packet.Cipher)
                {
                    return EcryptfsStatus.BadCipher;
                }

                cipher = packet.Cipher;
            }

            found.Add(packet);
            at += consumed;
        }

        packets = [.. found];
        return packets.Length == 0 ? EcryptfsStatus.NoKeyPacket : EcryptfsStatus.Ok;
    }
}
