using System.Text;
using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;
using StackFs.Names;

namespace StackFs.Tests.Vectors.Native;

/// <summary>The frozen vectors read, and where it is deterministic written, by the product.</summary>
public class ProductTests
{
    public static TheoryData<string> Headers => ReferenceTests.Headers;

    public static TheoryData<string> Extents => ReferenceTests.Extents;

    public static TheoryData<string> Files => ReferenceTests.Files;

    [Theory]
    [MemberData(nameof(Headers))]
    public void Header(string name)
    {
        Vector vector = ReferenceTests.Find(HeaderCases.Kind, name);
        using LocalVolumeKeyLease lease = new(Secret(vector.Bytes("volume-key")));
        NativeVolume volume = new(lease, new byte[60], KeySlotSet.Empty);
        HeaderStatus status = volume.Open(vector.Body, out HeaderFlags flags, out FileKeys? keys);
        Assert.Equal(vector["expect"], status.ToString());
        Assert.Equal(status == HeaderStatus.Ok, keys is not null);
        if (keys is null)
        {
            return;
        }

        using (keys)
        {
            Assert.Equal(vector.Number("flags"), (long)flags);
            Assert.Equal(Reference.Hkdf(vector.Bytes("fek"), "extent", 32), Reveal(keys.CurrentExtentKey));
            Assert.Equal(vector.Find("next-fek") is null, keys.NextExtentKey is null);
            if (keys.NextExtentKey is not null)
            {
                Assert.Equal(Reference.Hkdf(vector.Bytes("next-fek"), "extent", 32), Reveal(keys.NextExtentKey));
            }

            Assert.Equal(HeaderStatus.Ok, NativeHeader.TryParse(vector.Body, out NativeHeader header));
            byte[] written = new byte[4096];
            header.WriteTo(written);
            Assert.Equal(vector.Body, written);
        }
    }

    [Theory]
    [MemberData(nameof(Extents))]
    public void Extent(string name)
    {
        Vector vector = ReferenceTests.Find(ExtentCases.Kind, name);
        using SecretBuffer fek = Secret(vector.Bytes("fek"));
        using SecretBuffer? next = vector.Find("next-fek") is null ? null : Secret(vector.Bytes("next-fek"));
        using FileKeys keys = new(default, vector.Find("header-epoch") == "1", fek, next);
        using ExtentCipher cipher = new(keys);
        byte[] plaintext = new byte[4064];
        ExtentStatus status = cipher.Open(vector.Number("index"), vector.Body, plaintext, out ExtentMeta meta);
        Assert.Equal(vector["expect"], status.ToString());
        byte[] expected = new byte[4064];
        if (status == ExtentStatus.Ok)
        {
            Assert.Equal(vector.Number("count"), meta.Count);
            Assert.Equal(vector.Number("flags"), (long)meta.Flags);
            vector.Bytes("plaintext").CopyTo(expected, 0);
        }

        Assert.Equal(expected, plaintext);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void WholeFile(string name)
    {
        Vector vector = ReferenceTests.Find(FileCases.Kind, name);
        using LocalVolumeKeyLease lease = new(Secret(vector.Bytes("volume-key")));
        NativeVolume volume = new(lease, new byte[60], KeySlotSet.Empty);
        HeaderStatus status = volume.Open(vector.Body, out HeaderFlags flags, out FileKeys? keys);
        using ExtentCipher? cipher = keys is null ? null : new ExtentCipher(keys);
        FileOutcome.Read(vector.Body, status.ToString(), (flags & HeaderFlags.Sparse) != 0, (index, page) =>
        {
            byte[] plaintext = new byte[4064];
            ExtentStatus opened = cipher!.Open(index, page, plaintext, out ExtentMeta meta);
            return (opened.ToString(), meta.Count, meta.IsFinal, plaintext[..meta.Count]);
        }).AssertIs(vector);
        keys?.Dispose();

        if (vector.Find("stat") is string stat)
        {
            bool isSealed = NativeSizeRule.TryGetUpperSize(vector.Body.Length, out long size);
            Assert.Equal(stat, isSealed ? size.ToString(System.Globalization.CultureInfo.InvariantCulture) : "unsealed");
        }
    }

    [Fact]
    public void Names() => Assert.All(Vector.Records(NameCases.Names), vector =>
    {
        using NameCipher cipher = Cipher(vector);
        using EncryptedNames names = new(cipher);
        byte[] lower = Encoding.ASCII.GetBytes(vector["lower"]);
        bool inRoot = vector["root"] == "yes";
        byte[] upper = new byte[255];
        LowerNameKind kind = names.Decode(lower, inRoot, upper, out int length);
        if (vector.Find("companion") is not null)
        {
            Assert.Equal(LowerNameKind.Long, kind);
            kind = names.DecodeLong(lower, vector.Bytes("companion"), upper, out length);
        }

        Assert.Equal(vector["expect"], kind.ToString());
        Assert.Equal(vector.Find("upper") ?? "", Convert.ToHexStringLower(upper, 0, length));
        if (kind == LowerNameKind.Name)
        {
            byte[] again = new byte[255];
            NameStatus status = names.Encode(upper.AsSpan(0, length), inRoot, again, out int lowerLength);
            Assert.Equal(lower, again[..lowerLength]);
            Assert.Equal(vector.Find("companion") is not null, status == NameStatus.Long);
            byte[] content = new byte[LowerNames.MaxCompanionLength];
            if (status == NameStatus.Long)
            {
                int contentLength = names.EncodeCompanion(upper.AsSpan(0, length), content);
                Assert.Equal(vector.Bytes("companion"), content[..contentLength]);
            }
        }
    });

    [Fact]
    public void Symlinks() => Assert.All(Vector.Records(NameCases.Symlinks), vector =>
    {
        using NameCipher cipher = Cipher(vector);
        SymlinkTargets targets = new(cipher);
        byte[] lower = Encoding.ASCII.GetBytes(vector["lower"]);
        byte[] target = new byte[SymlinkTargets.MaxLength];
        TargetStatus status = targets.Decode(lower, target, out int length);
        if (vector.Find("companion") is not null)
        {
            Assert.Equal(TargetStatus.Companion, status);
            status = targets.DecodeCompanion(lower, vector.Bytes("companion"), target, out length);
        }

        Assert.Equal(vector["expect"], status.ToString());
        Assert.Equal(vector.Find("target") ?? "", Convert.ToHexStringLower(target, 0, length));
        if (status == TargetStatus.Ok)
        {
            byte[] again = new byte[SymlinkTargets.MaxLowerLength];
            targets.Encode(target.AsSpan(0, length), again, out int lowerLength);
            Assert.Equal(lower, again[..lowerLength]);
        }
    });

    [Fact]
    public void Attributes() => Assert.All(Vector.Records(NameCases.Attributes), vector =>
    {
        using NameCipher cipher = Cipher(vector);
        ExtendedAttributes attributes = new(cipher);
        byte[] lower = Encoding.ASCII.GetBytes(vector["lower"]);
        byte[] lowerValue = vector.Bytes("lower-value");
        byte[] name = new byte[255];
        XattrStatus status = attributes.DecodeName(lower, name, out int length);
        if (status == XattrStatus.Long)
        {
            status = attributes.DecodeLongName(lower, lowerValue, name, out length);
        }

        byte[] value = new byte[lowerValue.Length];
        int valueLength = 0;
        if (status == XattrStatus.Ok)
        {
            status = attributes.DecodeValue(name.AsSpan(0, length), lowerValue, value, out valueLength);
        }
        else if (status == XattrStatus.PassThrough)
        {
            value = lowerValue;
            valueLength = value.Length;
        }

        Assert.Equal(vector["expect"], status.ToString());
        Assert.Equal(vector.Find("value") ?? "", Convert.ToHexStringLower(value, 0, valueLength));
        if (status == XattrStatus.Ok)
        {
            Assert.Equal(vector["name"], Convert.ToHexStringLower(name, 0, length));
            byte[] again = new byte[255];
            byte[] valueAgain = new byte[lowerValue.Length];
            attributes.EncodeName(name.AsSpan(0, length), again, out int lowerLength);
            attributes.EncodeValue(name.AsSpan(0, length), value.AsSpan(0, valueLength), valueAgain, out int written);
            Assert.Equal(lower, again[..lowerLength]);
            Assert.Equal(lowerValue, valueAgain[..written]);
        }
    });

    // The vectors' keys are public; a secret buffer is what the product takes.
    private static SecretBuffer Secret(byte[] bytes)
    {
        SecretBuffer secret = SecretBuffer.Allocate(bytes.Length);
        secret.Fill(bytes, static (span, from) => from.CopyTo(span));
        return secret;
    }

    private static byte[] Reveal(SecretBuffer secret) => secret.Use(0, static (bytes, _) => bytes.ToArray());

    private static NameCipher Cipher(Vector vector)
    {
        using SecretBuffer namesKey = Secret(vector.Bytes("names-key"));
        using SecretBuffer sivKey = NameCipher.DeriveKey(namesKey);
        return new NameCipher(sivKey);
    }
}
