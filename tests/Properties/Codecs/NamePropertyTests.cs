using StackFs.Keyring.Secrets;
using StackFs.Names;

namespace StackFs.Tests.Properties.Codecs;

public sealed class NamePropertyTests : IDisposable
{
    private readonly NameCipher _cipher;
    private readonly EncryptedNames _names;
    private readonly SymlinkTargets _targets;
    private readonly ExtendedAttributes _attributes;
    private readonly byte[] _lower = new byte[1023];
    private readonly byte[] _upper = new byte[4095];
    private readonly byte[] _content = new byte[8192];

    public NamePropertyTests()
    {
        using SecretBuffer sivKey = SecretBuffer.Random(64);
        _cipher = new NameCipher(sivKey);
        _names = new EncryptedNames(_cipher);
        _targets = new SymlinkTargets(_cipher);
        _attributes = new ExtendedAttributes(_cipher);
    }

    public static TheoryData<int> RandomSeeds => Seeds.All;

    public void Dispose()
    {
        _names.Dispose();
        _cipher.Dispose();
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void A_name_comes_back_and_nothing_near_it_decodes(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 10_000; i++)
        {
            byte[] name = new byte[random.Next(1, random.Next(2) == 0 ? 40 : 256)];
            random.NextBytes(name);
            NameStatus status = _names.Encode(name, false, _lower, out int length);
            Assert.Equal(LowerNames.IsEntryName(name), status is NameStatus.Ok or NameStatus.Long);
            if (status is not (NameStatus.Ok or NameStatus.Long))
            {
                continue;
            }

            byte[] lower = _lower[..length];
            LowerNameKind kind = _names.Decode(lower, false, _upper, out int upperLength);
            if (status == NameStatus.Long)
            {
                int contentLength = _names.EncodeCompanion(name, _content);
                Assert.Equal(LowerNameKind.Long, kind);
                kind = _names.DecodeLong(lower, _content.AsSpan(0, contentLength), _upper, out upperLength);
                byte[] near = Mutate(random, _content[..contentLength]);
                Assert.Equal(
                    near.AsSpan().SequenceEqual(_content.AsSpan(0, contentLength)),
                    _names.DecodeLong(lower, near, new byte[255], out _) == LowerNameKind.Name);
            }

            Assert.Equal(LowerNameKind.Name, kind);
            Assert.True(_upper.AsSpan(0, upperLength).SequenceEqual(name), $"seed {seed}, round {i}");

            byte[] changed = Mutate(random, lower);
            if (changed.Length is > 0 and <= 255 && !changed.SequenceEqual(lower))
            {
                kind = _names.Decode(changed, false, _upper, out _);
                Assert.True(kind is LowerNameKind.Foreign or LowerNameKind.Long, $"seed {seed}, round {i}: {kind}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void Text_that_decodes_encodes_to_itself(int seed)
    {
        Random random = new(seed);
        int decoded = 0;
        for (int i = 0; i < 200_000; i++)
        {
            byte[] text = new byte[random.Next(0, 20)];
            for (int at = 0; at < text.Length; at++)
            {
                text[at] = random.Next(100) == 0 ? (byte)random.Next(256) : "0123456789abcdefghijklmnopqrstuv"u8[random.Next(32)];
            }

            if (Base32Hex.TryDecode(text, _upper, out int length))
            {
                decoded++;
                int textLength = Base32Hex.Encode(_upper.AsSpan(0, length), _lower);
                Assert.True(_lower.AsSpan(0, textLength).SequenceEqual(text), $"seed {seed}, round {i}");
            }
        }

        Assert.InRange(decoded, 1000, 190_000);
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void A_target_comes_back_and_nothing_near_it_decodes(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] target = new byte[random.Next(1, 4096)];
            random.NextBytes(target);
            TargetStatus status = _targets.Encode(target, _lower, out int length);
            if (target.Contains((byte)0))
            {
                Assert.Equal(TargetStatus.Invalid, status);
                target.AsSpan().Replace((byte)0, (byte)1);
                status = _targets.Encode(target, _lower, out length);
            }

            byte[] text = _lower[..length];
            int decoded;
            if (status == TargetStatus.Companion)
            {
                byte[] content = _content[.._targets.EncodeCompanion(target, _content)];
                Assert.Equal(TargetStatus.Ok, _targets.DecodeCompanion(text, content, _upper, out decoded));
                byte[] near = Mutate(random, content);
                Assert.Equal(
                    near.AsSpan().SequenceEqual(content),
                    _targets.DecodeCompanion(text, near, new byte[4095], out _) == TargetStatus.Ok);
            }
            else
            {
                Assert.Equal(TargetStatus.Ok, _targets.Decode(text, _upper, out decoded));
            }

            Assert.True(_upper.AsSpan(0, decoded).SequenceEqual(target), $"seed {seed}, round {i}");
        }
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void An_attribute_comes_back_and_nothing_near_it_decodes(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] name = [.. "user."u8, .. new byte[random.Next(1, 251)]];
            random.NextBytes(name.AsSpan(5));
            name.AsSpan(5).Replace((byte)0, (byte)1);
            byte[] value = new byte[random.Next(0, 3000)];
            random.NextBytes(value);
            XattrStatus status = _attributes.EncodeName(name, _lower, out int length);
            byte[] lower = _lower[..length];
            Assert.Equal(XattrStatus.Ok, _attributes.EncodeValue(name, value, _content, out int valueLength));
            byte[] lowerValue = _content[..valueLength];

            XattrStatus found = _attributes.DecodeName(lower, _upper, out int upperLength);
            Assert.Equal(status, found);
            if (status == XattrStatus.Long)
            {
                Assert.Equal(XattrStatus.Ok, _attributes.DecodeLongName(lower, lowerValue, _upper, out upperLength));
            }

            Assert.True(_upper.AsSpan(0, upperLength).SequenceEqual(name), $"seed {seed}, round {i}");
            Assert.Equal(XattrStatus.Ok, _attributes.DecodeValue(name, lowerValue, _upper, out upperLength));
            Assert.True(_upper.AsSpan(0, upperLength).SequenceEqual(value), $"seed {seed}, round {i}");

            byte[] near = Mutate(random, lowerValue);
            if (!near.AsSpan().SequenceEqual(lowerValue))
            {
                Assert.Equal(
                    XattrStatus.AuthenticationFailed, _attributes.DecodeValue(name, near, new byte[8192], out _));
                _ = _attributes.DecodeLongName(lower, near, new byte[255], out _);
            }
        }
    }

    [Theory]
    [MemberData(nameof(RandomSeeds))]
    public void Any_bytes_have_a_class(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(0, 256)];
            random.NextBytes(bytes);
            Assert.Equal(LowerNameKind.Foreign, _names.Decode(bytes, true, _upper, out int length));
            Assert.Equal(bytes.Length, length);
            Assert.Equal(TargetStatus.AuthenticationFailed, _targets.Decode(bytes, _upper, out _));
            byte[] attribute = [.. "user.stackfs."u8, .. bytes.Take(242)];
            Assert.Equal(XattrStatus.Hidden, _attributes.DecodeName(attribute, _upper, out _));
            Assert.Equal(XattrStatus.AuthenticationFailed, _attributes.DecodeValue("user.x"u8, bytes, _content, out _));
        }
    }

    private static byte[] Mutate(Random random, byte[] bytes)
    {
        switch (random.Next(4))
        {
            case 0:
                return bytes[..random.Next(0, bytes.Length + 1)];
            case 1:
                return [.. bytes, (byte)random.Next(256)];
            case 2:
                byte[] flipped = [.. bytes];
                flipped[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
            default:
                byte[] replaced = [.. bytes];
                replaced[random.Next(bytes.Length)] = (byte)random.Next(256);
                return replaced;
        }
    }
}
