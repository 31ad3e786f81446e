using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Keyring;

public sealed class KeySlotTests
{
    private static readonly ScryptCost Cheap = new(4, 8, 1);

    [Fact]
    public void PersistedNumbersNeverChange()
    {
        Assert.Equal(1, (int)SlotType.Passphrase);
        Assert.Equal(2, (int)SlotType.PublicKey);
        Assert.Equal(3, (int)SlotType.Recovery);
        Assert.Equal(
            [0, 1, 2, 3, 4, 5],
            Enum.GetValues<SlotAlgorithm>().Select(algorithm => (int)algorithm));
        Assert.Equal(new ScryptCost(17, 8, 1), ScryptCost.Default);
    }

    /// <summary>Opens a slot by SLOTS.md alone, with the oracle's primitives.</summary>
    [Fact]
    public void APassphraseSlotIsWhatTheSpecSays()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        KeySlotSet set = MakeSet(key, Passphrase("correct horse"));
        byte[] area = Serialize(set);

        Assert.Equal(104, area.Length);
        Assert.Equal([1, 0, 0, 0, 1, 0, 96, 0, 4, 8, 1, 0], area[..12]);
        byte[] salt = area[12..44];
        byte[] wrapped = area[44..104];
        byte[] kek = Oracle.Scrypt("correct horse"u8.ToArray(), salt, 16, 8, 1, 32);
        byte[] id = Oracle.Hkdf(key, [], "id"u8.ToArray(), 16);
        byte[] additionalData = [.. "StackFs slot"u8, .. id, .. area[4..44]];
        Assert.Equal(Oracle.GcmSeal(kek, wrapped[..12], additionalData, key), wrapped[12..]);
    }

    [Fact]
    public void ARecoverySlotIsWhatTheSpecSays()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        using RecoveryKey recovery = RecoveryKey.Create();
        byte[] area = Serialize(MakeSet(key, recovery));

        Assert.Equal(100, area.Length);
        Assert.Equal([1, 0, 0, 0, 3, 0, 92, 0], area[..8]);
        using SecretBuffer text = recovery.ToText();
        string digits = Encoding.ASCII.GetString(Bytes.Reveal(text)).Replace("-", "", StringComparison.Ordinal);
        byte[] recoveryKey = Convert.FromHexString(digits[..40]);
        byte[] check = SHA256.HashData([.. "StackFs recovery"u8, .. recoveryKey])[..2];
        Assert.Equal(digits[40..], Convert.ToHexStringLower(check));
        byte[] kek = Oracle.Hkdf(recoveryKey, area[8..40], "StackFs recovery KEK"u8.ToArray(), 32);
        byte[] id = Oracle.Hkdf(key, [], "id"u8.ToArray(), 16);
        byte[] additionalData = [.. "StackFs slot"u8, .. id, .. area[4..40]];
        Assert.Equal(Oracle.GcmSeal(kek, area[40..52], additionalData, key), area[52..100]);
    }

    [Fact]
    public void EverySlotOpensWithItsOwnKeyOnly()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        VolumeKeyId id = IdOf(key);
        using RecoveryKey recovery = RecoveryKey.Create();
        using RecoveryKey otherRecovery = RecoveryKey.Create();
        KeySlotSet set = MakeSet(key, Passphrase("one"), Passphrase("two"), recovery);
        foreach (IKeySource source in (IKeySource[])[Passphrase("one"), Passphrase("two"), recovery])
        {
            Assert.Equal(UnlockStatus.Unlocked, set.TryOpen(source, id, out SecretBuffer? opened));
            Assert.Equal(key, Bytes.Reveal(opened!));
        }

        foreach (IKeySource source in (IKeySource[])[Passphrase("One"), Passphrase("one "), otherRecovery])
        {
            Assert.Equal(UnlockStatus.WrongKey, set.TryOpen(source, id, out SecretBuffer? opened));
            Assert.Null(opened);
        }

        Assert.Equal(UnlockStatus.NoSuchSlot, set.RemoveAt(2).TryOpen(recovery, id, out _));
        Assert.Equal(UnlockStatus.WrongKey, set.TryOpen(Passphrase("one"), IdOf(new byte[32]), out _));
    }

    [Fact]
    public void ASlotHoldingAnotherKeyThanTheIdSaysIsAWrongKey()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        VolumeKeyId otherId = IdOf(RandomNumberGenerator.GetBytes(32));
        using SecretBuffer volumeKey = Bytes.Secret(key);
        // Wrapped for the other id, so that the AEAD agrees and only the check of the id is left.
        KeySlot slot = Passphrase("p").MakeSlot(volumeKey, otherId);
        Assert.False(Passphrase("p").TryOpen(slot, otherId, out SecretBuffer? opened));
        Assert.Null(opened);
    }

    [Fact]
    public void AnyChangedBitOfASlotIsRejectedOrDoesNotOpen()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        VolumeKeyId id = IdOf(key);
        byte[] area = Serialize(MakeSet(key, Passphrase("p")));
        for (int bit = 0; bit < area.Length * 8; bit++)
        {
            area[bit / 8] ^= (byte)(1 << (bit % 8));
            // Costs above 2^8 are well formed, and slow to find wrong.
            if (KeySlotSet.TryParse(area, out KeySlotSet? set) == SlotAreaStatus.Ok && set!.Slots[0].Cost is not { LogN: > 8 })
            {
                Assert.NotEqual(UnlockStatus.Unlocked, set.TryOpen(Passphrase("p"), id, out _));
                Assert.Equal(area, Serialize(set, area.Length));
            }

            area[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void WhatParsesReserialisesToTheSameBytes()
    {
        Random random = new(20251121);
        byte[] key = RandomNumberGenerator.GetBytes(32);
        using RecoveryKey recovery = RecoveryKey.Create();
        byte[] good = Serialize(MakeSet(key, Passphrase("a"), recovery, Passphrase("b")), KeySlotSet.MaximumAreaLength);
        int parsed = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] area = [.. good];
            for (int changes = random.Next(4); changes >= 0; changes--)
            {
                // Mostly in the structure: counts, types, lengths.
                int[] places = [0, 1, 4, 5, 6, 7, 8, 9, 10, 104, 106, 200, 202, random.Next(310)];
                int at = places[random.Next(places.Length)];
                area[at] = (byte)random.Next(random.Next(2) == 0 ? 8 : 256);
            }

            area = area[..random.Next(area.Length + 1)];
            if (KeySlotSet.TryParse(area, out KeySlotSet? set) == SlotAreaStatus.Ok)
            {
                parsed++;
                Assert.Equal(area, Serialize(set!, area.Length));
            }
            else
            {
                Assert.Null(set);
            }
        }

        Assert.InRange(parsed, 100, 19_900);
    }

    [Fact]
    public void AreasThatBreakARuleAreRejected()
    {
        byte[] one = Serialize(MakeSet(new byte[32], Passphrase("p")), 200);
        Assert.Equal(SlotAreaStatus.Ok, Parse(one));
        Assert.Equal(SlotAreaStatus.Truncated, Parse([]));
        Assert.Equal(SlotAreaStatus.Truncated, Parse([0, 0, 0]));
        Assert.Equal(SlotAreaStatus.Ok, Parse([0, 0, 0, 0]));
        Assert.Equal(SlotAreaStatus.TooManySlots, Parse(With(one, 0, 9)));
        Assert.Equal(SlotAreaStatus.ReservedNotZero, Parse(With(one, 3, 1)));
        Assert.Equal(SlotAreaStatus.ReservedNotZero, Parse(With(one, 5, 1)));
        Assert.Equal(SlotAreaStatus.ReservedNotZero, Parse(With(one, 11, 1)));
        Assert.Equal(SlotAreaStatus.TrailingBytes, Parse(With(one, 0, 0)));
        Assert.Equal(SlotAreaStatus.TrailingBytes, Parse(With(one, 199, 1)));
        Assert.Equal(SlotAreaStatus.BadBody, Parse(With(one, 0, 2))); // a slot of type 0
        Assert.Equal(SlotAreaStatus.BadBody, Parse(With(one, 6, 95)));
        Assert.Equal(SlotAreaStatus.Truncated, Parse(With(one, 7, 1)));
        Assert.Equal(SlotAreaStatus.Truncated, Parse(one[..103]));
        Assert.Equal(SlotAreaStatus.CostTooHigh, Parse(With(one, 8, 31)));
        Assert.Equal(SlotAreaStatus.CostTooHigh, Parse(With(one, 8, 0)));
        Assert.Equal(SlotAreaStatus.CostTooHigh, Parse(With(one, 9, 65)));
        Assert.Equal(SlotAreaStatus.CostTooHigh, Parse(With(one, 10, 0)));
    }

    [Fact]
    public void AllPassphrasesTogetherHaveACostLimit()
    {
        byte[] two = Serialize(MakeSet(new byte[32], Passphrase("p"), Passphrase("q")));
        // 2^20 · 8 each is 2^24 together: the limit.
        Assert.Equal(SlotAreaStatus.Ok, Parse(With(With(two, 8, 20), 108, 20)));
        Assert.Equal(SlotAreaStatus.CostTooHigh, Parse(With(With(With(two, 8, 20), 108, 20), 109, 9)));
        Assert.Equal(SlotAreaStatus.CostTooHigh, Parse(With(With(two, 8, 20), 110, 255)));
    }

    [Fact]
    public void TypesOfLaterVersionsAreKept()
    {
        byte[] area = [1, 0, 0, 0, 77, 0, 3, 0, 9, 8, 7, 0, 0];
        Assert.Equal(SlotAreaStatus.Ok, KeySlotSet.TryParse(area, out KeySlotSet? set));
        Assert.Equal(area, Serialize(set!, area.Length));
        Assert.Equal(UnlockStatus.NoSuchSlot, set!.TryOpen(Passphrase("p"), default, out _));

        byte[] tooLong = [1, 0, 0, 0, 77, 0, 1, 8, .. new byte[2049]];
        Assert.Equal(SlotAreaStatus.BadBody, Parse(tooLong));
    }

    [Theory]
    [InlineData(1, 256, SlotAreaStatus.Ok)]
    [InlineData(1, 1024, SlotAreaStatus.Ok)]
    [InlineData(1, 255, SlotAreaStatus.BadBody)]
    [InlineData(1, 1025, SlotAreaStatus.BadBody)]
    [InlineData(2, 65, SlotAreaStatus.Ok)]
    [InlineData(2, 64, SlotAreaStatus.BadBody)]
    [InlineData(3, 97, SlotAreaStatus.Ok)]
    [InlineData(4, 133, SlotAreaStatus.Ok)]
    [InlineData(5, 32, SlotAreaStatus.Ok)]
    [InlineData(5, 33, SlotAreaStatus.BadBody)]
    [InlineData(0, 32, SlotAreaStatus.BadBody)]
    [InlineData(6, 32, SlotAreaStatus.BadBody)]
    public void PublicKeySlotsHaveTheLengthOfTheirAlgorithm(byte algorithm, int encapsulation, SlotAreaStatus expected)
    {
        byte[] area = PublicKeyArea(algorithm, encapsulation);
        Assert.Equal(expected, Parse(area));
        area[4 + 4 + 17] = 1;
        Assert.NotEqual(SlotAreaStatus.Ok, Parse(area));
    }

    [Fact]
    public void CountAndSizeAreLimited()
    {
        KeySlotSet set = KeySlotSet.Empty;
        Assert.Equal(SlotAreaStatus.Ok, KeySlotSet.TryParse(PublicKeyArea(1, 1024), out KeySlotSet? large));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(SlotAreaStatus.Ok, set.TryAdd(large!.Slots[0], out KeySlotSet? next));
            set = next!;
        }

        Assert.Equal(SlotAreaStatus.TooManySlots, set.TryAdd(large!.Slots[0], out KeySlotSet? none));
        Assert.Null(none);
        KeySlotSet small = MakeSet(new byte[32], [.. Enumerable.Range(0, 8).Select(_ => Passphrase("p"))]);
        Assert.Equal(SlotAreaStatus.TooManySlots, small.TryAdd(small.Slots[0], out _));
    }

    [Fact]
    public void RecoveryKeysAreReadAsPeopleTypeThem()
    {
        using RecoveryKey key = RecoveryKey.Create();
        using SecretBuffer text = key.ToText();
        string printed = Encoding.ASCII.GetString(Bytes.Reveal(text));
        Assert.Equal(RecoveryKey.TextLength, printed.Length);
        Assert.Matches("^([0-9a-f]{4}-){10}[0-9a-f]{4}$", printed);
        string bare = printed.Replace("-", "", StringComparison.Ordinal);
        foreach (string typed in (string[])[printed, printed.ToUpperInvariant(), bare, printed.Replace('-', ' ')])
        {
            Assert.True(RecoveryKey.TryParse(Bytes.Secret(Encoding.ASCII.GetBytes(typed)), out RecoveryKey? read));
            Assert.Equal(printed, Encoding.ASCII.GetString(Bytes.Reveal(read.ToText())));
        }

        char other = bare[7] == '0' ? '1' : '0';
        foreach (string wrong in (string[])[bare[..7] + other + bare[8..], bare[1..], bare + "0", "g" + bare[1..], "-"])
        {
            Assert.False(RecoveryKey.TryParse(Bytes.Secret(Encoding.ASCII.GetBytes(wrong)), out _));
        }
    }

    private static PassphraseKey Passphrase(string text) => new(Bytes.Secret(Encoding.UTF8.GetBytes(text)), Cheap);

    private static VolumeKeyId IdOf(byte[] key)
    {
        using SecretBuffer secret = Bytes.Secret(key);
        return VolumeKeyId.Of(secret);
    }

    private static KeySlotSet MakeSet(byte[] key, params ISlotMaker[] makers)
    {
        using LocalVolumeKeyLease lease = new(Bytes.Secret(key));
        KeySlotSet set = KeySlotSet.Empty;
        foreach (ISlotMaker maker in makers)
        {
            Assert.True(lease.TryMakeSlot(maker, out KeySlot? slot));
            Assert.Equal(SlotAreaStatus.Ok, set.TryAdd(slot, out KeySlotSet? next));
            set = next!;
        }

        return set;
    }

    private static byte[] PublicKeyArea(byte algorithm, int encapsulation)
    {
        byte[] area = new byte[4 + 4 + 80 + encapsulation];
        area[0] = 1;
        area[4] = 2;
        BinaryPrimitives.WriteUInt16LittleEndian(area.AsSpan(6), (ushort)(80 + encapsulation));
        area[8 + 16] = algorithm;
        BinaryPrimitives.WriteUInt16LittleEndian(area.AsSpan(8 + 18), (ushort)encapsulation);
        return area;
    }

    private static byte[] Serialize(KeySlotSet set, int? length = null)
    {
        byte[] area = new byte[length ?? set.SerializedLength];
        area.AsSpan().Fill(0xff);
        set.WriteTo(area);
        return area;
    }

    private static SlotAreaStatus Parse(byte[] area) => KeySlotSet.TryParse(area, out _);

    private static byte[] With(byte[] area, int offset, byte value)
    {
        byte[] changed = [.. area];
        changed[offset] = value;
        return changed;
    }
}
