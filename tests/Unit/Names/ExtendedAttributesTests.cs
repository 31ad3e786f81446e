using System.Security.Cryptography;
using System.Text;
using StackFs.Names;

namespace StackFs.Tests.Unit.Names;

public sealed class ExtendedAttributesTests : IDisposable
{
    private readonly NamesFixture _volume = new();
    private readonly byte[] _lower = new byte[255];
    private readonly byte[] _upper = new byte[255];
    private readonly byte[] _lowerValue = new byte[ExtendedAttributes.MaxLowerValueLength];
    private readonly byte[] _value = new byte[ExtendedAttributes.MaxLowerValueLength];

    public void Dispose() => _volume.Dispose();

    [Fact]
    public void Every_name_comes_back()
    {
        for (int length = 1; length <= 250; length++)
        {
            byte[] name = Encoding.ASCII.GetBytes("user." + new string('n', length));
            XattrStatus status = _volume.Attributes.EncodeName(name, _lower, out int lowerLength);
            Assert.Equal(length <= 135 ? XattrStatus.Ok : XattrStatus.Long, status);
            Assert.Equal(status, _volume.Attributes.DecodeName(_lower.AsSpan(0, lowerLength), _upper, out int n));
            if (status == XattrStatus.Long)
            {
                _volume.Attributes.EncodeValue(name, "v"u8, _lowerValue, out int valueLength);
                int shown = Math.Min(valueLength, 268);
                Assert.Equal(
                    XattrStatus.Ok,
                    _volume.Attributes.DecodeLongName(
                        _lower.AsSpan(0, lowerLength), _lowerValue.AsSpan(0, shown), _upper, out n));
            }

            Assert.Equal(name, _upper[..n]);
        }
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(10, 1)]
    [InlineData(10, 5000)]
    [InlineData(10, 65_519)]
    [InlineData(250, 0)]
    [InlineData(250, 65_251)]
    public void Every_value_comes_back(int nameLength, int valueLength)
    {
        byte[] name = Encoding.ASCII.GetBytes("user." + new string('n', nameLength));
        byte[] value = RandomNumberGenerator.GetBytes(valueLength);
        Assert.Equal(XattrStatus.Ok, _volume.Attributes.EncodeValue(name, value, _lowerValue, out int lowerLength));
        Assert.Equal(valueLength + ExtendedAttributes.Overhead(name), lowerLength);
        Assert.Equal(
            XattrStatus.Ok,
            _volume.Attributes.DecodeValue(name, _lowerValue.AsSpan(0, lowerLength), _value, out int length));
        Assert.Equal(value, _value[..length]);
        if (valueLength > 60_000)
        {
            Assert.Equal(
                XattrStatus.ValueTooLong,
                _volume.Attributes.EncodeValue(name, new byte[valueLength + 1], _lowerValue, out _));
        }
    }

    [Theory]
    [InlineData("system.posix_acl_access", XattrStatus.PassThrough)]
    [InlineData("security.selinux", XattrStatus.PassThrough)]
    [InlineData("user.", XattrStatus.Invalid)]
    [InlineData("user.a\0b", XattrStatus.Invalid)]
    [InlineData("user.stackfs.x", XattrStatus.Ok)]
    internal void Only_user_attributes_are_encrypted(string name, XattrStatus expected)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        Assert.Equal(expected, _volume.Attributes.EncodeName(bytes, _lower, out int length));
        if (expected == XattrStatus.PassThrough)
        {
            Assert.Equal(bytes, _lower[..length]);
            Assert.Equal(expected, _volume.Attributes.DecodeName(bytes, _upper, out length));
            Assert.Equal(bytes, _upper[..length]);
            Assert.Equal(0, ExtendedAttributes.Overhead(bytes));
        }
    }

    [Fact]
    public void A_name_of_256_bytes_is_too_long() =>
        Assert.Equal(XattrStatus.TooLong, _volume.Attributes.EncodeName(new byte[256], _lower, out _));

    [Theory]
    [InlineData("user.foreign")]
    [InlineData("user.stackfs.")]
    [InlineData("user.stackfs.0123")]
    [InlineData("user.stackfs.0000000000000000000000000000")]
    public void A_lower_user_attribute_that_StackFs_did_not_write_is_not_shown(string lower)
    {
        Assert.Equal(
            XattrStatus.Hidden, _volume.Attributes.DecodeName(Encoding.ASCII.GetBytes(lower), _upper, out int length));
        Assert.Equal(0, length);
    }

    [Fact]
    public void A_value_under_another_name_is_refused()
    {
        _volume.Attributes.EncodeValue("user.one"u8, "value"u8, _lowerValue, out int length);
        Assert.Equal(
            XattrStatus.AuthenticationFailed,
            _volume.Attributes.DecodeValue("user.two"u8, _lowerValue.AsSpan(0, length), _value, out int decoded));
        Assert.Equal(0, decoded);
    }

    [Fact]
    public void A_value_without_its_mark_is_refused()
    {
        byte[] lower = new byte[16 + 2];
        _volume.Cipher.Encrypt("xattr value"u8, "one"u8, [1, 2], lower);
        Assert.Equal(
            XattrStatus.AuthenticationFailed, _volume.Attributes.DecodeValue("user.one"u8, lower, _value, out _));
    }

    [Fact]
    public void Short_and_hostile_values_are_refused()
    {
        byte[] longName = Encoding.ASCII.GetBytes("user." + new string('n', 200));
        _volume.Attributes.EncodeName(longName, _lower, out int lowerLength);
        _volume.Attributes.EncodeValue(longName, "value"u8, _lowerValue, out int length);
        for (int cut = 0; cut < length; cut++)
        {
            ReadOnlySpan<byte> part = _lowerValue.AsSpan(0, cut);
            Assert.Equal(XattrStatus.AuthenticationFailed, _volume.Attributes.DecodeValue(longName, part, _value, out _));
            Assert.Equal(
                XattrStatus.AuthenticationFailed, _volume.Attributes.DecodeValue("user.n"u8, part, _value, out _));
            Assert.Equal(
                cut >= 218 ? XattrStatus.Ok : XattrStatus.Hidden,
                _volume.Attributes.DecodeLongName(_lower.AsSpan(0, lowerLength), part, _upper, out _));
        }

        _lowerValue[1] = 0xff;
        Assert.Equal(
            XattrStatus.Hidden,
            _volume.Attributes.DecodeLongName(_lower.AsSpan(0, lowerLength), _lowerValue, _upper, out _));
    }

    [Fact]
    public void A_long_name_under_another_hash_is_refused()
    {
        byte[] name = Encoding.ASCII.GetBytes("user." + new string('n', 200));
        byte[] other = Encoding.ASCII.GetBytes("user." + new string('o', 200));
        _volume.Attributes.EncodeName(other, _lower, out int lowerLength);
        _volume.Attributes.EncodeValue(name, "value"u8, _lowerValue, out int length);
        Assert.Equal(
            XattrStatus.Hidden,
            _volume.Attributes.DecodeLongName(
                _lower.AsSpan(0, lowerLength), _lowerValue.AsSpan(0, length), _upper, out _));
        Assert.Equal(
            XattrStatus.AuthenticationFailed,
            _volume.Attributes.DecodeValue(other, _lowerValue.AsSpan(0, length), _value, out _));
    }
}
