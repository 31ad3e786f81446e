using System.Buffers.Binary;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Unit.Ecryptfs;

public class HeaderTests
{
    private static readonly CipherSpec Aes16 = new(CipherKind.Aes, 16);

    [Theory]
    [InlineData("des3_ede", 24, 89)]
    [InlineData("aes", 16, 81)]
    [InlineData("aes", 24, 97)]
    [InlineData("aes", 32, 97)]
    [InlineData("cast5", 8, 73)]
    [InlineData("blowfish", 56, 121)]
    [InlineData("twofish", 32, 97)]
    [InlineData("cast6", 16, 81)]
    public void The_packets_end_where_the_kernel_ends_them(string name, int bytes, int end)
    {
        Assert.True(CipherSpec.TryParseName(name, out CipherKind kind));
        using EcryptfsKey key = TestKeys.Key(1);
        byte[] page = TestKeys.Header(new CipherSpec(kind, bytes), key);
        Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(page, out EcryptfsHeader? header));
        Assert.Equal(end, header!.PacketsEnd);
        Assert.Equal(8192, header.HeaderSize);
        Assert.Equal(new CipherSpec(kind, bytes), header.Packets[0].Cipher);
    }

    [Fact]
    public void Any_one_key_opens_a_file_of_two()
    {
        EcryptfsKey first = TestKeys.Key(1);
        EcryptfsKey second = TestKeys.Key(2);
        byte[] page = TestKeys.Header(Aes16, first, second);
        Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(page, out EcryptfsHeader? header));
        Assert.Equal(136, header!.PacketsEnd);
        Assert.Equal([first.Signature, second.Signature], header.Packets.ToArray().Select(static p => p.Signature));
        using EcryptfsKeyRing both = new();
        both.Add(first);
        Assert.Equal(EcryptfsStatus.Ok, both.TryUnwrap(header, out FileKey? byFirst));
        using EcryptfsKeyRing onlySecond = new();
        onlySecond.Add(second);
        Assert.Equal(EcryptfsStatus.Ok, onlySecond.TryUnwrap(header, out FileKey? bySecond));
        Assert.True(byFirst!.Secret.FixedTimeEquals(bySecond!.Secret));
        byFirst.Dispose();
        bySecond.Dispose();
    }

    [Fact]
    public void A_missing_key_is_ENOKEY_and_everything_else_EIO()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        byte[] page = TestKeys.Header(Aes16, key);
        Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(page, out EcryptfsHeader? header));
        using EcryptfsKeyRing others = new();
        others.Add(TestKeys.Key(9));
        EcryptfsStatus status = others.TryUnwrap(header!, out FileKey? none);
        Assert.Null(none);
        Assert.Equal(EcryptfsStatus.KeyMissing, status);
        Assert.Equal(Errno.ENOKEY, EcryptfsErrors.ToErrno(status));
        foreach (EcryptfsStatus other in Enum.GetValues<EcryptfsStatus>())
        {
            if (other is not (EcryptfsStatus.Ok or EcryptfsStatus.KeyMissing))
            {
                Assert.Equal(Errno.EIO, EcryptfsErrors.ToErrno(other));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Earlier_versions_are_read(byte version)
    {
        using EcryptfsKey key = TestKeys.Key(1);
        byte[] page = TestKeys.Header(Aes16, key);
        page[16] = version;
        if (version == 0)
        {
            // Without the fields at 20 to 25 the packets start there.
            page.AsSpan(26).CopyTo(page.AsSpan(20));
        }

        Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(page, out EcryptfsHeader? header));
        Assert.Equal(version, header!.Version);
        Assert.Equal(8192, header.HeaderSize);
    }

    [Theory]
    [InlineData(4096u, 1, true, 4096)]
    [InlineData(4096u, 16, true, 65536)]
    [InlineData(4096u, 0, false, 0)]
    [InlineData(0u, 2, false, 0)]
    [InlineData(1000u, 3, false, 0)]
    [InlineData(0xFFFFF000u, 65535, false, 0)]
    public void Only_possible_header_sizes_are_believed(uint extent, ushort count, bool good, long size)
    {
        using EcryptfsKey key = TestKeys.Key(1);
        byte[] page = TestKeys.Header(Aes16, key);
        BinaryPrimitives.WriteUInt32BigEndian(page.AsSpan(20), extent);
        BinaryPrimitives.WriteUInt16BigEndian(page.AsSpan(24), count);
        EcryptfsStatus status = EcryptfsHeader.TryParse(page, out EcryptfsHeader? header);
        Assert.Equal(good ? EcryptfsStatus.Ok : EcryptfsStatus.BadHeaderSize, status);
        Assert.Equal(size, header?.HeaderSize ?? 0);
    }

    [Theory]
    [InlineData(16, 0x04, EcryptfsStatus.UnknownVersion)] // version 4
    [InlineData(0, 0x80, EcryptfsStatus.BadSize)] // negative size
    [InlineData(0, 0x7F, EcryptfsStatus.Ok)] // large, and believed only as far as the lower file goes
    [InlineData(8, 0xA5, EcryptfsStatus.NotEcryptfs)]
    [InlineData(17, 0xFF, EcryptfsStatus.Ok)] // reserved bits are ignored
    [InlineData(19, 0x00, EcryptfsStatus.Ok)] // and the flags
    [InlineData(26, 0x00, EcryptfsStatus.NoKeyPacket)]
    [InlineData(26, 0xED, EcryptfsStatus.BadPacket)] // tag 11 alone
    [InlineData(27, 0xE0, EcryptfsStatus.BadPacket)] // invalid length
    [InlineData(27, 0xFF, EcryptfsStatus.BadPacket)] // five-octet length
    [InlineData(27, 0x0D, EcryptfsStatus.BadPacket)] // no wrapped key
    [InlineData(28, 0x05, EcryptfsStatus.BadPacket)] // packet version
    [InlineData(29, 0x09, EcryptfsStatus.Ok)] // AES-256 with 16 octets: the length counts, as in the kernel
    [InlineData(29, 0x08, EcryptfsStatus.BadCipher)] // AES-192 with 16 octets
    [InlineData(29, 0x05, EcryptfsStatus.BadCipher)] // no such cipher
    [InlineData(30, 0x01, EcryptfsStatus.BadPacket)] // S2K specifier
    [InlineData(31, 0x02, EcryptfsStatus.BadPacket)] // hash
    [InlineData(32, 0xAA, EcryptfsStatus.Ok)] // salt is information
    [InlineData(40, 0x00, EcryptfsStatus.Ok)] // count octet too
    [InlineData(57, 0x00, EcryptfsStatus.BadPacket)] // tag 11 missing
    [InlineData(58, 0x15, EcryptfsStatus.BadPacket)] // tag 11 length
    [InlineData(59, 0x63, EcryptfsStatus.BadPacket)] // tag 11 format
    [InlineData(60, 0x07, EcryptfsStatus.BadPacket)] // tag 11 name length
    [InlineData(61, 0x58, EcryptfsStatus.Ok)] // the name is ignored
    public void One_changed_octet_has_a_known_outcome(int offset, byte value, object expected)
    {
        using EcryptfsKey key = TestKeys.Key(1);
        byte[] page = TestKeys.Header(Aes16, key);
        if (offset == 0 && value == 0x7F)
        {
            BinaryPrimitives.WriteInt64BigEndian(page, EcryptfsFormat.MaxUpperSize);
        }
        else
        {
            page[offset] = value;
        }

        Assert.Equal((EcryptfsStatus)expected, EcryptfsHeader.TryParse(page, out _));
    }

    [Fact]
    public void Packets_that_disagree_on_the_cipher_are_refused()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using FileKey small = FileKey.CreateRandom(Aes16);
        using FileKey large = FileKey.CreateRandom(new CipherSpec(CipherKind.Aes, 32));
        byte[] page = new byte[EcryptfsFormat.ParsedSize];
        _ = EcryptfsHeader.BuildNew(page, EcryptfsFlags.Encrypted, [small.Wrap(key), large.Wrap(key)]);
        Assert.Equal(EcryptfsStatus.BadCipher, EcryptfsHeader.TryParse(page, out _));
    }

    [Fact]
    public void A_packet_set_that_does_not_fit_is_not_written()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using FileKey fek = FileKey.CreateRandom(Aes16);
        KeyPacket[] many = [.. Enumerable.Repeat(fek.Wrap(key), 80)];
        Assert.Throws<ArgumentException>(() => EcryptfsHeader.BuildNew(new byte[8192], EcryptfsFlags.Encrypted, many));
        Assert.Throws<ArgumentException>(() => EcryptfsHeader.BuildNew(new byte[8192], EcryptfsFlags.Encrypted, []));
    }

    [Fact]
    public void Every_prefix_and_random_damage_ends_in_a_status()
    {
        const int Seed = 20261121;
        Random random = new(Seed);
        EcryptfsKey key = TestKeys.Key(1);
        using EcryptfsKeyRing ring = new();
        ring.Add(key);
        byte[] page = TestKeys.Header(new CipherSpec(CipherKind.Aes, 32), key, key);
        for (int length = 0; length < 200; length++)
        {
            _ = EcryptfsHeader.TryParse(page.AsSpan(0, length), out _);
        }

        int parsed = 0;
        for (int round = 0; round < 20000; round++)
        {
            byte[] damaged = [.. page];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                damaged[random.Next(16, 200)] = (byte)random.Next(256);
            }

            int length = random.Next(4) == 0 ? random.Next(damaged.Length) : damaged.Length;
            if (EcryptfsHeader.TryParse(damaged.AsSpan(0, length), out EcryptfsHeader? header) == EcryptfsStatus.Ok)
            {
                parsed++;
                Assert.InRange(header!.PacketsEnd, 21, EcryptfsFormat.ParsedSize);
                _ = ring.TryUnwrap(header, out FileKey? fek);
                fek?.Dispose();
            }
        }

        Assert.True(parsed > 0, $"seed {Seed}: nothing parsed, the test damages too much");
    }

    [Fact]
    public void A_page_full_of_packets_is_read_in_bounded_time()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        byte[] page = TestKeys.Header(Aes16, key);
        ReadOnlySpan<byte> packet = page.AsSpan(26, 55).ToArray();
        int at = 26;
        for (; at + packet.Length <= page.Length; at += packet.Length)
        {
            packet.CopyTo(page.AsSpan(at));
        }

        Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(page, out EcryptfsHeader? header));
        Assert.Equal((at - 26) / packet.Length, header!.Packets.Length);
        page.AsSpan(at - packet.Length).Fill(KeyPacketCodec.TagThree);
        Assert.Equal(EcryptfsStatus.BadPacket, EcryptfsHeader.TryParse(page, out _));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(191, 1)]
    [InlineData(192, 2)]
    [InlineData(8383, 2)]
    public void Packet_lengths_go_both_ways(int length, int size)
    {
        byte[] room = new byte[2];
        Assert.Equal(size, PacketLength.Write(room, length));
        Assert.Equal(size, PacketLength.SizeOf(length));
        Assert.True(PacketLength.TryRead(room, out int read, out int consumed));
        Assert.Equal((length, size), (read, consumed));
    }

    [Theory]
    [InlineData("twofish", 24)]
    [InlineData("cast6", 24)]
    [InlineData("cast5", 5)]
    [InlineData("aes", 8)]
    [InlineData("blowfish", 60)]
    [InlineData("des3_ede", 16)]
    public void Key_sizes_that_cannot_make_files_are_not_usable(string name, int bytes)
    {
        Assert.True(CipherSpec.TryParseName(name, out CipherKind kind));
        Assert.False(new CipherSpec(kind, bytes).IsUsable);
        using EcryptfsKey key = TestKeys.Key(1);
        Assert.Throws<ArgumentException>(() => BlockCipher.Create(new CipherSpec(kind, bytes), key.Secret));
    }

    [Fact]
    public void A_triple_des_key_of_two_equal_parts_is_refused()
    {
        byte[] octets = new byte[64];
        octets[16] = 1;
        using EcryptfsKey weak = EcryptfsKey.FromRaw(
            TestKeys.Secret(octets), new EcryptfsSignature([1, 2, 3, 4, 5, 6, 7, 8]));
        CipherSpec des = new(CipherKind.TripleDes, 24);
        Assert.False(FileKey.IsAccepted(des, weak.Secret));
        using EcryptfsKey good = TestKeys.Key(1);
        using FileKey fek = FileKey.CreateRandom(des);
        KeyPacket packet = fek.Wrap(good);
        Assert.Equal(EcryptfsStatus.KeyRejected, FileKey.TryUnwrap(packet, weak, out _));
    }
}
