using System.Text;
using StackFs.Names;

namespace StackFs.Tests.Unit.Names;

public class PlainNamesTests
{
    private const string Companion = "0000000000000000000000000000000000000000000000000000.target";

    private readonly byte[] _buffer = new byte[255];

    [Theory]
    [InlineData("file", true, NameStatus.Ok)]
    [InlineData("stackfs.conf", true, NameStatus.Reserved)]
    [InlineData(".stackfs.conf.0123", true, NameStatus.Reserved)]
    [InlineData("stackfs.conf", false, NameStatus.Ok)]
    [InlineData(Companion, false, NameStatus.Reserved)]
    [InlineData("0000000000000000000000000000000000000000000000000000.name", false, NameStatus.Ok)]
    [InlineData("", false, NameStatus.Invalid)]
    [InlineData("..", false, NameStatus.Invalid)]
    [InlineData("a/b", false, NameStatus.Invalid)]
    internal void A_name_is_stored_as_it_is(string name, bool inRoot, NameStatus expected)
    {
        using PlainNames names = new();
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        Assert.Equal(expected, names.Encode(bytes, inRoot, _buffer, out int length));
        Assert.Equal(expected == NameStatus.Ok ? name : "", Encoding.ASCII.GetString(_buffer, 0, length));
    }

    [Theory]
    [InlineData("file", true, LowerNameKind.Name)]
    [InlineData("stackfs.conf", true, LowerNameKind.SideFile)]
    [InlineData("stackfs.conf", false, LowerNameKind.Name)]
    [InlineData(Companion, false, LowerNameKind.SideFile)]
    internal void A_lower_name_is_the_upper_name(string name, bool inRoot, LowerNameKind expected)
    {
        using PlainNames names = new();
        Assert.Equal(expected, names.Decode(Encoding.ASCII.GetBytes(name), inRoot, _buffer, out int length));
        Assert.Equal(expected == LowerNameKind.Name ? name : "", Encoding.ASCII.GetString(_buffer, 0, length));
    }

    [Fact]
    public void Names_go_to_255_bytes()
    {
        using PlainNames names = new();
        byte[] name = Encoding.ASCII.GetBytes(new string('x', 256));
        Assert.Equal(NameStatus.Ok, names.Encode(name.AsSpan(1), false, _buffer, out int length));
        Assert.Equal(255, length);
        Assert.Equal(NameStatus.TooLong, names.Encode(name, false, _buffer, out _));
    }
}
