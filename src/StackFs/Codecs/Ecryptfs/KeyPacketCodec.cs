using StackFs.Keyring.Ecryptfs;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>What reading one packet of a header came to.</summary>
internal enum PacketStatus
{
    /// <summary>A packet was read.</summary>
    Ok = 0,

    /// <summary>The octet begins no packet of the set: the set ends here.</summary>
    End = 1,

    /// <summary>A packet that runs past the parsed area, or whose fixed octets are wrong.</summary>
    Malformed = 2,

    /// <summary>A cipher code that is not known, or a key length that is not the cipher's.</summary>
    UnknownCipher = 3,
}

/// <summary>
/// Reads and writes the packets of a header that hold file keys: tag 3 with its tag 11, and tag 1 (FORMAT.md
/// section 4). Reads never look past the span they are given.
/// </summary>
internal static class KeyPacketCodec
{
    /// <summary>Tag of a file key under a passphrase key.</summary>
    internal const byte TagThree = 0x8C;

    /// <summary>Tag that follows tag 3 and carries the signature.</summary>
    internal const byte TagEleven = 0xED;

    /// <summary>Tag of a file key under a public key.</summary>
    internal const byte TagOne = 0x01;

    private const int TagThreeFixed = 13;
    private const int TagElevenBody = 22;
    private const int TagOneFixed = 10;
    private const byte TagThreeVersion = 4;
    private const byte S2kSpecifier = 3;
    private const byte ClaimedHash = 1;
    private const byte CountOctet = 0x60;
    private const byte TagElevenFormat = 0x62;
    private const byte TagOneVersion = 3;
    private const byte RsaAlgorithm = 1;

    private static ReadOnlySpan<byte> Console => "_CONSOLE"u8;

    /// <summary>Octets that a packet takes (with its tag 11).</summary>
    internal static int EncodedSize(KeyPacketKind kind, int wrapped)
    {
        int body = wrapped + (kind == KeyPacketKind.Passphrase ? TagThreeFixed : TagOneFixed);
        int size = 1 + PacketLength.SizeOf(body) + body;
        return kind == KeyPacketKind.Passphrase ? size + 2 + TagElevenBody : size;
    }

    /// <summary>Reads the packet at the front of <paramref name="source"/>.</summary>
    /// <param name="source">The rest of the parsed area.</param>
    /// <param name="packet">The packet; its wrapped key is a copy.</param>
    /// <param name="consumed">Octets it took.</param>
    internal static PacketStatus Read(ReadOnlySpan<byte> source, out KeyPacket packet, out int consumed)
    {
        packet = default;
        consumed = 0;
        if (source.IsEmpty)
        {
            return PacketStatus.End;
        }

        return source[0] switch
        {
            TagThree => ReadTagThree(source, out packet, out consumed),
            TagOne => ReadTagOne(source, out packet, out consumed),
            TagEleven => PacketStatus.Malformed,
            _ => PacketStatus.End,
        };
    }

    /// <summary>Writes a packet at the front of <paramref name="destination"/>.</summary>
    /// <returns>Octets written.</returns>
    internal static int Write(Span<byte> destination, in KeyPacket packet) =>
        packet.Kind == KeyPacketKind.Passphrase
            ? WriteTagThree(destination, packet)
            : WriteTagOne(destination, packet);

    private static PacketStatus ReadTagThree(ReadOnlySpan<byte> source, out KeyPacket packet, out int consumed)
    {
        packet = default;
        consumed = 0;
        if (!TryBody(source, out ReadOnlySpan<byte> body, out int used)
            || body.Length <= TagThreeFixed
            || body[0] != TagThreeVersion || body[2] != S2kSpecifier || body[3] != ClaimedHash)
        {
            return PacketStatus.Malformed;
        }

        ReadOnlySpan<byte> wrapped = body[TagThreeFixed..];
        if (wrapped.Length > EcryptfsFormat.MaxWrappedKey)
        {
            return PacketStatus.Malformed;
        }

        if (!CipherSpec.TryFromTagThree(body[1], wrapped.Length, out CipherSpec cipher))
        {
            return PacketStatus.UnknownCipher;
        }

        ReadOnlySpan<byte> next = source[used..];
        if (next.IsEmpty || next[0] != TagEleven
            || !TryBody(next, out ReadOnlySpan<byte> eleven, out int elevenUsed)
            || eleven.Length != TagElevenBody || eleven[0] != TagElevenFormat || eleven[1] != Console.Length)
        {
            return PacketStatus.Malformed;
        }

        packet = new KeyPacket(
            KeyPacketKind.Passphrase,
            new EcryptfsSignature(eleven[^EcryptfsSignature.Size..]),
            cipher,
            new EcryptfsSalt(body.Slice(4, EcryptfsSalt.Size)),
            wrapped.ToArray());
        consumed = used + elevenUsed;
        return PacketStatus.Ok;
    }

    private static PacketStatus ReadTagOne(ReadOnlySpan<byte> source, out KeyPacket packet, out int consumed)
    {
        packet = default;
        if (!TryBody(source, out ReadOnlySpan<byte> body, out consumed)
            || body.Length <= TagOneFixed
            || body.Length > TagOneFixed + EcryptfsFormat.MaxRsaCiphertext
            || body[0] != TagOneVersion)
        {
            return PacketStatus.Malformed;
        }

        packet = new KeyPacket(
            KeyPacketKind.PublicKey,
            new EcryptfsSignature(body.Slice(1, EcryptfsSignature.Size)),
            default,
            default,
            body[TagOneFixed..].ToArray());
        return PacketStatus.Ok;
    }

    private static int WriteTagThree(Span<byte> destination, in KeyPacket packet)
    {
        ReadOnlySpan<byte> wrapped = packet.Wrapped.Span;
        int at = 0;
        destination[at++] = TagThree;
        at += PacketLength.Write(destination[at..], TagThreeFixed + wrapped.Length);
        destination[at++] = TagThreeVersion;
        destination[at++] = packet.Cipher.Code;
        destination[at++] = S2kSpecifier;
        destination[at++] = ClaimedHash;
        packet.Salt.CopyTo(destination[at..]);
        at += EcryptfsSalt.Size;
        destination[at++] = CountOctet;
        wrapped.CopyTo(destination[at..]);
        at += wrapped.Length;

        destination[at++] = TagEleven;
        at += PacketLength.Write(destination[at..], TagElevenBody);
        destination[at++] = TagElevenFormat;
        destination[at++] = (byte)Console.Length;
        Console.CopyTo(destination[at..]);
        at += Console.Length;
        destination.Slice(at, sizeof(uint)).Clear();
        at += sizeof(uint);
        packet.Signature.CopyTo(destination[at..]);
        return at + EcryptfsSignature.Size;
    }

    private static int WriteTagOne(Span<byte> destination, in KeyPacket packet)
    {
        ReadOnlySpan<byte> wrapped = packet.Wrapped.Span;
        int at = 0;
        destination[at++] = TagOne;
        at += PacketLength.Write(destination[at..], TagOneFixed + wrapped.Length);
        destination[at++] = TagOneVersion;
        packet.Signature.CopyTo(destination[at..]);
        at += EcryptfsSignature.Size;
        destination[at++] = RsaAlgorithm;
        wrapped.CopyTo(destination[at..]);
        return at + wrapped.Length;
    }

    private static bool TryBody(ReadOnlySpan<byte> source, out ReadOnlySpan<byte> body, out int consumed)
    {
        body = default;
        consumed = 0;
        if (!PacketLength.TryRead(source[1..], out int length, out int lengthSize)
            || source.Length - 1 - lengthSize < length)
        {
            return false;
        }

        body = source.Slice(1 + lengthSize, length);
        consumed = 1 + lengthSize + length;
        return true;
    }
}
