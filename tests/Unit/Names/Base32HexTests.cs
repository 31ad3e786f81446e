using System.Security.Cryptography;
using System.Text;
using StackFs.Names;

namespace StackFs.Tests.Unit.Names;

public class Base32HexTests
{
    // RFC 4648 section 10, lower case and without padding.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "co")]
    [InlineData("fo", "cpng")]
    [InlineData("foo", "cpnmu")]
    [InlineData("foob", "cpnmuog")]
    [InlineData("fooba", "cpnmuoj1")]
    [InlineData("foobar", "cpnmuoj1e8")]
    public void Test_vectors_of_the_rfc(string bytes, string text)
    {
        byte[] encoded = new byte[text.Length];
        Assert.Equal(text.Length, Base32Hex.Encode(Encoding.ASCII.GetBytes(bytes), encoded));
        Assert.Equal(text, Encoding.ASCII.GetString(encoded));
        byte[] decoded = new byte[bytes.Length];
        Assert.True(Base32Hex.TryDecode(encoded, decoded, out int length));
        Assert.Equal(bytes, Encoding.ASCII.GetString(decoded, 0, length));
    }

    [Fact]
    public void Every_length_comes_back()
    {
        for (int length = 0; length < 300; length++)
        {
            byte[] bytes = RandomNumberGenerator.GetBytes(length);
            byte[] text = new byte[Base32Hex.EncodedLength(length)];
            Assert.Equal(text.Length, Base32Hex.Encode(bytes, text));
            Assert.DoesNotContain(text, c => !"0123456789abcdefghijklmnopqrstuv"u8.Contains(c));
            byte[] back = new byte[length];
            Assert.True(Base32Hex.TryDecode(text, back, out int decoded));
            Assert.Equal(length, decoded);
            Assert.Equal(bytes, back);
        }
    }

    [Theory]
    [InlineData("c")] // 5 bits are no byte
    [InlineData("cpn")] // 15 bits are one byte and too many
    [InlineData("cpnmuo")] // 30 bits likewise
    [InlineData("cp")] // spare bits not zero
    [InlineData("cpnh")]
    [InlineData("CPNMU")] // upper case
    [InlineData("cpnm=")]
    [InlineData("cpnmw")] // past v
    [InlineData("cpnmuoJ1")]
    [InlineData("cpnmu/j1")]
    [InlineData("cpnmu\u00ff00")]
    public void Text_that_is_not_canonical_is_refused(string text)
    {
        byte[] decoded = new byte[16];
        Assert.False(Base32Hex.TryDecode(Encoding.Latin1.GetBytes(text), decoded, out int length));
        Assert.Equal(0, length);
    }
}
