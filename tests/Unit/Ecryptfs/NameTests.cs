using System.Text;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Ecryptfs;

public class NameTests
{
    private static readonly CipherSpec Aes16 = new(CipherKind.Aes, 16);

    [Theory]
    [InlineData(1, 84)]
    [InlineData(15, 84)]
    [InlineData(16, 104)]
    [InlineData(47, 124)]
    [InlineData(63, 148)]
    [InlineData(79, 168)]
    [InlineData(95, 188)]
    [InlineData(111, 212)]
    [InlineData(127, 232)]
    [InlineData(128, 252)]
    [InlineData(143, 252)]
    public void Lower_lengths_are_the_kernels(int length, int lower)
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using NameCipher cipher = new(Aes16, key);
        byte[] room = new byte[255];
        Assert.Equal(lower, cipher.LowerLength(length));
        Assert.Equal(NameStatus.Ok, cipher.Encode(new byte[length].AsSpan(), room, out int written));
        Assert.Equal(lower, written);
    }

    [Theory]
    [InlineData(CipherKind.Aes, 16)]
    [InlineData(CipherKind.Blowfish, 16)]
    public void The_longest_name_has_143_octets(object kind, int bytes)
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using NameCipher cipher = new(new CipherSpec((CipherKind)kind, bytes), key);
        byte[] room = new byte[255];
        Assert.Equal(NameStatus.Ok, cipher.Encode(Filled(143), room, out _));
        Assert.Equal(NameStatus.TooLong, cipher.Encode(Filled(144), room, out _));
    }

    [Fact]
    public void The_longest_link_target_has_3007_octets()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using NameCipher cipher = new(Aes16, key);
        byte[] room = new byte[NameCipher.MaxLowerTarget];
        Assert.Equal(NameStatus.Ok, cipher.Encode(Filled(3007), room, out int length));
        byte[] back = new byte[NameCipher.MaxLowerTarget];
        Assert.Equal(NameStatus.Ok, cipher.Decode(room.AsSpan(0, length), back, out int backLength));
        Assert.Equal(Filled(3007), back[..backLength]);
        Assert.Equal(NameStatus.TooLong, cipher.Encode(Filled(3008), room, out _));
    }

    [Theory]
    [InlineData(255, 16, 143)]
    [InlineData(255, 8, 143)]
    [InlineData(143, 16, 43)]
    [InlineData(143, 8, 51)]
    [InlineData(20, 16, 0)]
    public void Statfs_promises_what_the_kernel_promises(int lower, int block, int upper) =>
        Assert.Equal(upper, NameLimits.UpperNameMax(lower, block));

    [Fact]
    public void Names_of_other_keys_ciphers_and_forms_are_foreign()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using EcryptfsKey otherKey = TestKeys.Key(2);
        using NameCipher cipher = new(Aes16, key);
        using NameCipher other = new(Aes16, otherKey);
        using NameCipher longer = new(new CipherSpec(CipherKind.Aes, 32), key);
        byte[] lower = new byte[255];
        byte[] room = new byte[255];
        foreach (NameCipher writer in new[] { other, longer })
        {
            Assert.Equal(NameStatus.Ok, writer.Encode("name"u8, lower, out int length));
            Assert.Equal(NameStatus.Foreign, cipher.Decode(lower.AsSpan(0, length), room, out _));
        }

        foreach (string text in new[] { "", "lost+found", "ECRYPTFS_FNEK_ENCRYPTED.", "ECRYPTFS_FNEK_ENCRYPTED.FWY" })
        {
            Assert.Equal(NameStatus.Foreign, cipher.Decode(Encoding.ASCII.GetBytes(text), room, out _));
        }
    }

    [Fact]
    public void Every_change_of_one_character_makes_a_name_foreign()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using NameCipher cipher = new(Aes16, key);
        byte[] lower = new byte[255];
        Assert.Equal(NameStatus.Ok, cipher.Encode("a name of some length"u8, lower, out int length));
        byte[] room = new byte[255];
        Random random = new(4);
        for (int at = 0; at < length; at++)
        {
            byte[] damaged = lower[..length];
            damaged[at] = (byte)(damaged[at] ^ (1 << random.Next(8)));
            NameStatus status = cipher.Decode(damaged, room, out int decoded);
            Assert.True(
                status == NameStatus.Foreign || !room.AsSpan(0, decoded).SequenceEqual("a name of some length"u8),
                $"position {at}");
        }

        for (int cut = 0; cut < length; cut++)
        {
            Assert.Equal(NameStatus.Foreign, cipher.Decode(lower.AsSpan(0, cut), room, out _));
        }
    }

    [Fact]
    public void Random_text_behind_the_prefix_never_crashes()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using NameCipher cipher = new(Aes16, key);
        Random random = new(5);
        byte[] room = new byte[4096];
        for (int round = 0; round < 5000; round++)
        {
            byte[] lower = new byte[random.Next(24, 4200)];
            random.NextBytes(lower);
            NamePacket.Prefix.CopyTo(lower);
            if (round % 2 == 0)
            {
                for (int i = 24; i < lower.Length; i++)
                {
                    lower[i] = (byte)('0' + (lower[i] % 10));
                }

                "FeY"u8.CopyTo(lower.AsSpan(24, Math.Min(3, lower.Length - 24)).Length == 3 ? lower.AsSpan(24) : new byte[3]);
            }

            Assert.Equal(NameStatus.Foreign, cipher.Decode(lower, room, out _));
        }
    }

    [Fact]
    public void Encode6_goes_both_ways_and_refuses_foreign_characters()
    {
        byte[] octets = [.. Enumerable.Range(0, 255).Select(static value => (byte)value)];
        byte[] text = new byte[Encode6.EncodedLength(octets.Length)];
        Encode6.Encode(octets, text);
        byte[] back = new byte[octets.Length];
        Assert.True(Encode6.TryDecode(text, back, out int length));
        Assert.Equal(octets, back[..length]);
        Assert.False(Encode6.TryDecode("ab/c"u8, back, out _));
        Assert.False(Encode6.TryDecode("abc"u8, back, out _));
        Assert.False(Encode6.TryDecode(text, new byte[10], out _));
    }

    [Fact]
    public void Encoding_and_decoding_allocate_nothing()
    {
        using EcryptfsKey key = TestKeys.Key(1);
        using NameCipher cipher = new(Aes16, key);
        byte[] lower = new byte[255];
        byte[] upper = new byte[255];
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                _ = cipher.Encode("a name"u8, lower, out int length);
                _ = cipher.Decode(lower.AsSpan(0, length), upper, out _);
            }
        }));
    }

    private static byte[] Filled(int length)
    {
        byte[] name = new byte[length];
        Array.Fill(name, (byte)'n');
        return name;
    }
}
