namespace StackFs.Tests.Vectors.Native;

/// <summary>The frozen vectors read by the independent decoder.</summary>
public class ReferenceTests
{
    public static TheoryData<string> Headers => [.. Vector.WithBodies(HeaderCases.Kind).Select(v => v.Name)];

    public static TheoryData<string> Extents => [.. Vector.WithBodies(ExtentCases.Kind).Select(v => v.Name)];

    public static TheoryData<string> Files => [.. Vector.WithBodies(FileCases.Kind).Select(v => v.Name)];

    [Theory]
    [MemberData(nameof(Headers))]
    public void Header(string name)
    {
        Vector vector = Find(HeaderCases.Kind, name);
        ReferenceDecoder.Header header = ReferenceDecoder.ReadHeader(vector.Body, vector.Bytes("volume-key"));
        Assert.Equal(vector["expect"], header.Status);
        if (header.Status == "Ok")
        {
            Assert.Equal(vector.Number("flags"), header.Flags);
            Assert.Equal(vector.Bytes("fek"), header.Fek);
            Assert.Equal(vector.Find("next-fek"), header.NextFek is null ? null : Convert.ToHexStringLower(header.NextFek));
        }
    }

    [Theory]
    [MemberData(nameof(Extents))]
    public void Extent(string name)
    {
        Vector vector = Find(ExtentCases.Kind, name);
        byte[]? next = vector.Find("next-fek") is null ? null : vector.Bytes("next-fek");
        ReferenceDecoder.Extent extent = ReferenceDecoder.ReadExtent(
            vector.Body, vector.Number("index"), vector.Bytes("fek"), next, vector.Find("header-epoch") == "1");
        Assert.Equal(vector["expect"], extent.Status);
        if (extent.Status == "Ok")
        {
            Assert.Equal(vector.Number("count"), extent.Count);
            Assert.Equal(vector.Number("flags"), extent.Flags);
            Assert.Equal(vector.Bytes("plaintext"), extent.Plaintext);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void WholeFile(string name)
    {
        Vector vector = Find(FileCases.Kind, name);
        ReferenceDecoder.Header header = ReferenceDecoder.ReadHeader(vector.Body, vector.Bytes("volume-key"));
        FileOutcome.Read(vector.Body, header.Status, (header.Flags & 1) != 0, (index, page) =>
        {
            ReferenceDecoder.Extent extent =
                ReferenceDecoder.ReadExtent(page, index, header.Fek, header.NextFek, (header.Flags & 2) != 0);
            return (extent.Status, extent.Count, (extent.Flags & 1) != 0, extent.Plaintext);
        }).AssertIs(vector);
    }

    [Fact]
    public void Names() => Assert.All(Vector.Records(NameCases.Names), vector =>
    {
        (string status, byte[] upper) = ReferenceDecoder.ReadName(
            vector["lower"], Companion(vector), vector["root"] == "yes", SivKey(vector));
        Assert.Equal(vector["expect"], status);
        Assert.Equal(vector.Find("upper") ?? "", Convert.ToHexStringLower(upper));
    });

    [Fact]
    public void Symlinks() => Assert.All(Vector.Records(NameCases.Symlinks), vector =>
    {
        (string status, byte[] target) = ReferenceDecoder.ReadSymlink(vector["lower"], Companion(vector), SivKey(vector));
        Assert.Equal(vector["expect"], status);
        Assert.Equal(vector.Find("target") ?? "", Convert.ToHexStringLower(target));
    });

    [Fact]
    public void Attributes() => Assert.All(Vector.Records(NameCases.Attributes), vector =>
    {
        (string status, byte[] name, byte[] value) = ReferenceDecoder.ReadAttribute(
            vector["lower"], vector.Bytes("lower-value"), SivKey(vector));
        Assert.Equal(vector["expect"], status);
        Assert.Equal(vector.Find("value") ?? "", Convert.ToHexStringLower(value));
        if (vector.Find("name") is string expected)
        {
            Assert.Equal(expected, Convert.ToHexStringLower(name));
        }
    });

    internal static Vector Find(string kind, string name) => Vector.WithBodies(kind).Single(v => v.Name == name);

    internal static byte[] SivKey(Vector vector) => Reference.Hkdf(vector.Bytes("names-key"), "names", 64);

    private static string? Companion(Vector vector) =>
        vector.Find("companion") is null ? null : System.Text.Encoding.Latin1.GetString(vector.Bytes("companion"));
}
