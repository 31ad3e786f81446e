using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Properties.Codecs;

public sealed class HeaderPropertyTests : IDisposable
{
    private readonly LocalVolumeKeyLease _lease = LocalVolumeKeyLease.Create();
    private readonly NativeVolume _volume;
    private readonly byte[] _page = new byte[4096];

    public HeaderPropertyTests()
    {
        using SecretBuffer passphrase = SecretBuffer.Random(16);
        using SecretBuffer volumeKey = SecretBuffer.Random(32);
        using PassphraseKey maker = new(passphrase, new ScryptCost(4, 8, 1));
        SlotAreaStatus added = KeySlotSet.Empty.TryAdd(maker.MakeSlot(volumeKey, _lease.Id), out KeySlotSet? slots);
        Assert.Equal(SlotAreaStatus.Ok, added);
        _volume = new NativeVolume(_lease, new byte[60], slots!);
        Assert.Equal(HeaderStatus.Ok, _volume.Create(_page, out FileKeys? keys));
        keys!.Dispose();
    }

    public static TheoryData<int> RandomSeeds => Seeds.All;

    public void Dispose() => _lease.Dispose();

    [Fact]
    public void Every_flipped_bit_is_detected()
    {
        for (int bit = 0; bit < 8 * 4096; bit++)
        {
            _page[bit / 8] ^= (byte)(1 << (bit % 8));
            HeaderStatus status = Open(_page);
            Assert.True(status is not (HeaderStatus.Ok or HeaderStatus.Empty), $"bit {bit}: {status}");
            _page[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Equal(HeaderStatus.Ok, Open(_page));
    }

    [Fact]
    public void Every_beginning_of_a_header_is_an_empty_file()
    {
        for (int length = 0; length < 4096; length++)
        {
            Assert.Equal(HeaderStatus.Empty, Open(_page.AsSpan(0, length)));
        }
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void What_parses_is_written_back_and_only_the_original_opens(int seed)
    {
        Random random = new(seed);
        byte[] copy = new byte[4096];
        int parsed = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] mutated = Mutate(random, _page);
            HeaderStatus status = NativeHeader.TryParse(mutated, out NativeHeader header);
            if (status == HeaderStatus.Ok)
            {
                parsed++;
                header.WriteTo(copy);
                Assert.True(copy.AsSpan().SequenceEqual(mutated.AsSpan(0, 4096)), $"seed {seed}, mutation {i}");
            }

            bool isSame = mutated.Length >= 4096 && mutated.AsSpan(0, 4096).SequenceEqual(_page);
            Assert.True(isSame == (Open(mutated) == HeaderStatus.Ok), $"seed {seed}, mutation {i}");
        }

        Assert.InRange(parsed, 1000, 20_000);
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void Any_bytes_with_the_magic_have_a_class(int seed)
    {
        Random random = new(seed);
        byte[] page = new byte[4096];
        for (int i = 0; i < 5_000; i++)
        {
            random.NextBytes(page);
            _page.AsSpan(0, random.Next(0, 300)).CopyTo(page);
            Assert.NotEqual(HeaderStatus.Ok, Open(page));
        }
    }

    // Values that mean something in some field, besides random ones.
    private static byte[] Mutate(Random random, byte[] page)
    {
        byte[] mutated = [.. page];
        for (int times = random.Next(0, 4); times > 0; times--)
        {
            int offset = random.Next(3) switch
            {
                0 => random.Next(0, 48),
                1 => random.Next(228, 340),
                _ => random.Next(0, 4096),
            };
            mutated[offset] = random.Next(3) switch
            {
                0 => (byte)random.Next(0, 256),
                1 => 0xff,
                _ => (byte)random.Next(0, 3),
            };
        }

        return random.Next(8) switch
        {
            0 => mutated[..random.Next(0, 4096)],
            1 => [.. mutated, .. new byte[random.Next(1, 5000)]],
            _ => mutated,
        };
    }

    private HeaderStatus Open(ReadOnlySpan<byte> start)
    {
        HeaderStatus status = _volume.Open(start, out _, out FileKeys? keys);
        Assert.Equal(status == HeaderStatus.Ok, keys is not null);
        keys?.Dispose();
        return status;
    }
}
