using System.Text;
using StackFs.Names;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Names;

public sealed class EncryptedNamesTests : IDisposable
{
    private readonly NamesFixture _volume = new();
    private readonly byte[] _lower = new byte[255];
    private readonly byte[] _upper = new byte[255];

    public void Dispose() => _volume.Dispose();

    [Fact]
    public void Every_length_comes_back_under_a_name_that_any_filesystem_keeps()
    {
        for (int length = 1; length <= 255; length++)
        {
            byte[] name = Encoding.ASCII.GetBytes(new string('n', length));
            NameStatus status = _volume.Names.Encode(name, inRoot: true, _lower, out int lowerLength);
            Assert.Equal(length <= 143 ? NameStatus.Ok : NameStatus.Long, status);
            ReadOnlySpan<byte> lower = _lower.AsSpan(0, lowerLength);
            Assert.Matches("^[0-9a-v]+(\\.long)?$", Encoding.ASCII.GetString(lower));

            LowerNameKind kind = _volume.Names.Decode(lower, inRoot: true, _upper, out int upperLength);
            if (status == NameStatus.Long)
            {
                Assert.Equal(LowerNameKind.Long, kind);
                byte[] content = new byte[LowerNames.MaxCompanionLength];
                int contentLength = _volume.Names.EncodeCompanion(name, content);
                Assert.InRange(contentLength, 256, LowerNames.MaxCompanionLength);
                kind = _volume.Names.DecodeLong(lower, content.AsSpan(0, contentLength), _upper, out upperLength);
            }

            Assert.Equal(LowerNameKind.Name, kind);
            Assert.Equal(name, _upper[..upperLength]);
        }
    }

    [Fact]
    public void Any_byte_but_slash_and_nul_is_a_name()
    {
        for (int b = 1; b < 256; b++)
        {
            byte[] name = [(byte)b, (byte)'x'];
            NameStatus status = _volume.Names.Encode(name, inRoot: false, _lower, out int length);
            Assert.Equal(b == '/' ? NameStatus.Invalid : NameStatus.Ok, status);
            if (status == NameStatus.Ok)
            {
                Assert.Equal(LowerNameKind.Name, _volume.Names.Decode(_lower.AsSpan(0, length), false, _upper, out int n));
                Assert.Equal(name, _upper[..n]);
            }
        }
    }

    [Theory]
    [InlineData("", NameStatus.Invalid)]
    [InlineData(".", NameStatus.Invalid)]
    [InlineData("..", NameStatus.Invalid)]
    [InlineData("a/b", NameStatus.Invalid)]
    [InlineData("a\0", NameStatus.Invalid)]
    [InlineData("...", NameStatus.Ok)]
    [InlineData("stackfs.conf", NameStatus.Ok)]
    internal void Encoding_checks_the_name(string name, NameStatus expected)
    {
        Assert.Equal(expected, _volume.Names.Encode(Encoding.ASCII.GetBytes(name), inRoot: true, _lower, out int length));
        Assert.Equal(expected == NameStatus.Ok, length > 0);
    }

    [Fact]
    public void A_name_of_256_bytes_is_too_long() =>
        Assert.Equal(NameStatus.TooLong, _volume.Names.Encode(new byte[256], inRoot: false, _lower, out _));

    // Only a holder of the names key can make these; they are refused all the same.
    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("/")]
    [InlineData("a\0b")]
    public void An_authentic_name_that_no_directory_holds_is_invalid(string name)
    {
        int length = _volume.Cipher.EncryptText("name"u8, Encoding.ASCII.GetBytes(name), _lower);
        Assert.Equal(
            LowerNameKind.Invalid, _volume.Names.Decode(_lower.AsSpan(0, length), false, _upper, out int upperLength));
        Assert.Equal(0, upperLength);
    }

    [Theory]
    [InlineData(143)] // needs no companion
    [InlineData(256)]
    public void A_companion_of_another_length_than_its_form_allows_is_invalid(int length)
    {
        byte[] text = new byte[500];
        int textLength = _volume.Cipher.EncryptText("name"u8, Encoding.ASCII.GetBytes(new string('x', length)), text);
        byte[] lower = new byte[LowerNames.LongLength];
        LowerNames.WriteLongName(text.AsSpan(0, textLength), lower);
        Assert.Equal(
            LowerNameKind.Invalid, _volume.Names.DecodeLong(lower, text.AsSpan(0, textLength), new byte[500], out _));
    }

    [Fact]
    public void A_name_of_another_kind_is_foreign()
    {
        int length = _volume.Cipher.EncryptText("symlink"u8, "target"u8, _lower);
        Assert.Equal(LowerNameKind.Foreign, _volume.Names.Decode(_lower.AsSpan(0, length), false, _upper, out _));
    }

    [Fact]
    public void A_name_of_another_volume_is_foreign_and_shown_as_it_is()
    {
        using NamesFixture other = new();
        other.Names.Encode("file"u8, false, _lower, out int length);
        Assert.Equal(
            LowerNameKind.Foreign, _volume.Names.Decode(_lower.AsSpan(0, length), false, _upper, out int upperLength));
        Assert.Equal(_lower[..length], _upper[..upperLength]);
    }

    [Theory]
    [InlineData("lost+found", true, LowerNameKind.Foreign)]
    [InlineData(".Trash-1000", false, LowerNameKind.Foreign)]
    [InlineData("stackfs.conf", true, LowerNameKind.SideFile)]
    [InlineData(".stackfs.conf.0123", true, LowerNameKind.SideFile)]
    [InlineData("stackfs.config", true, LowerNameKind.Foreign)]
    [InlineData("stackfs.conf", false, LowerNameKind.Foreign)]
    [InlineData("0000000000000000000000000000000000000000000000000000.name", false, LowerNameKind.SideFile)]
    [InlineData("0000000000000000000000000000000000000000000000000000.target", false, LowerNameKind.SideFile)]
    [InlineData("0000000000000000000000000000000000000000000000000000.long", false, LowerNameKind.Long)]
    [InlineData("0000000000000000000000000000000000000000000000000001.name", false, LowerNameKind.Foreign)]
    [InlineData("000000000000000000000000000000000000000000000000000.name", false, LowerNameKind.Foreign)]
    [InlineData("000000000000000000000000000000000000000000000000000G.name", false, LowerNameKind.Foreign)]
    internal void Other_lower_names_are_told_apart(string lower, bool inRoot, LowerNameKind expected)
    {
        LowerNameKind kind = _volume.Names.Decode(Encoding.ASCII.GetBytes(lower), inRoot, _upper, out int length);
        Assert.Equal(expected, kind);
        Assert.Equal(expected == LowerNameKind.Foreign ? lower : "", Encoding.ASCII.GetString(_upper, 0, length));
    }

    [Fact]
    public void A_name_in_upper_case_is_not_ours()
    {
        _volume.Names.Encode("file"u8, false, _lower, out int length);
        byte[] upperCased = Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(_lower, 0, length).ToUpperInvariant());
        Assert.Equal(LowerNameKind.Foreign, _volume.Names.Decode(upperCased, false, _upper, out _));
    }

    [Fact]
    public void A_companion_must_be_its_own_entrys()
    {
        byte[] one = Encoding.ASCII.GetBytes(new string('1', 200));
        byte[] two = Encoding.ASCII.GetBytes(new string('2', 200));
        byte[] content = new byte[LowerNames.MaxCompanionLength];
        _volume.Names.Encode(one, false, _lower, out int length);
        int contentLength = _volume.Names.EncodeCompanion(two, content);
        Assert.Equal(
            LowerNameKind.Invalid,
            _volume.Names.DecodeLong(_lower.AsSpan(0, length), content.AsSpan(0, contentLength), _upper, out _));
        Assert.Equal(LowerNameKind.Invalid, _volume.Names.DecodeLong(_lower.AsSpan(0, length), default, _upper, out _));

        byte[] name = new byte[LowerNames.LongLength];
        Assert.Equal(name.Length, LowerNames.WriteCompanionName(_lower.AsSpan(0, length), name));
        Assert.True(LowerNames.IsCompanion(name));
        Assert.Equal(_lower[..52], name[..52]);
    }

    [Fact]
    public void Encoding_and_decoding_allocate_nothing()
    {
        byte[] name = Encoding.ASCII.GetBytes("a name of ordinary length.txt");
        byte[] longName = Encoding.ASCII.GetBytes(new string('l', 250));
        byte[] content = new byte[LowerNames.MaxCompanionLength];
        Assert.Equal(0, Allocations.Of(() => Run(500)));

        void Run(int times)
        {
            for (int i = 0; i < times; i++)
            {
                _volume.Names.Encode(name, false, _lower, out int length);
                _volume.Names.Decode(_lower.AsSpan(0, length), false, _upper, out _);
                _volume.Names.Decode("foreign"u8, false, _upper, out _);
                _volume.Names.Encode(longName, false, _lower, out length);
                int contentLength = _volume.Names.EncodeCompanion(longName, content);
                _volume.Names.DecodeLong(_lower.AsSpan(0, length), content.AsSpan(0, contentLength), _upper, out _);
            }
        }
    }
}
