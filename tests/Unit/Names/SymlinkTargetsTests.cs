using System.Text;
using StackFs.Names;

namespace StackFs.Tests.Unit.Names;

public sealed class SymlinkTargetsTests : IDisposable
{
    private readonly NamesFixture _volume = new();
    private readonly byte[] _lower = new byte[SymlinkTargets.MaxLowerLength];
    private readonly byte[] _target = new byte[SymlinkTargets.MaxLength];
    private readonly byte[] _content = new byte[SymlinkTargets.MaxCompanionLength];

    public void Dispose() => _volume.Dispose();

    [Fact]
    public void Every_length_comes_back_and_its_size_is_known_without_reading()
    {
        for (int length = 1; length <= 4095; length += length is (> 30 and < 600) or (> 640 and < 4060) ? 13 : 1)
        {
            byte[] target = Encoding.ASCII.GetBytes(new string('t', length));
            TargetStatus status = _volume.Targets.Encode(target, _lower, out int lowerLength);
            Assert.Equal(length <= 623 ? TargetStatus.Ok : TargetStatus.Companion, status);
            ReadOnlySpan<byte> lower = _lower.AsSpan(0, lowerLength);
            Assert.Equal(status, _volume.Targets.Decode(lower, _target, out int decoded));
            if (status == TargetStatus.Companion)
            {
                Assert.Equal(-1, SymlinkTargets.SizeOf(lowerLength));
                int contentLength = _volume.Targets.EncodeCompanion(target, _content);
                Assert.Equal(length, SymlinkTargets.SizeOfText(contentLength));
                Assert.Equal(
                    TargetStatus.Ok,
                    _volume.Targets.DecodeCompanion(lower, _content.AsSpan(0, contentLength), _target, out decoded));
            }
            else
            {
                Assert.Equal(length, SymlinkTargets.SizeOf(lowerLength));
            }

            Assert.Equal(target, _target[..decoded]);
        }
    }

    [Fact]
    public void The_longest_companion_is_as_long_as_said() =>
        Assert.Equal(SymlinkTargets.MaxCompanionLength, NameCipher.TextLength(SymlinkTargets.MaxLength));

    [Fact]
    public void What_is_no_target_is_refused()
    {
        Assert.Equal(TargetStatus.Invalid, _volume.Targets.Encode(default, _lower, out _));
        Assert.Equal(TargetStatus.Invalid, _volume.Targets.Encode("a\0b"u8, _lower, out _));
        Assert.Equal(TargetStatus.TooLong, _volume.Targets.Encode(new byte[4096], _lower, out _));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData("0000000000000000000000000000000000000000000000000000.name")]
    public void A_target_that_StackFs_did_not_write_is_refused(string lower) =>
        Assert.Equal(
            TargetStatus.AuthenticationFailed, _volume.Targets.Decode(Encoding.ASCII.GetBytes(lower), _target, out _));

    [Fact]
    public void A_name_is_no_target()
    {
        int length = _volume.Cipher.EncryptText("name"u8, "x"u8, _lower);
        Assert.Equal(TargetStatus.AuthenticationFailed, _volume.Targets.Decode(_lower.AsSpan(0, length), _target, out _));
    }

    [Fact]
    public void An_authentic_target_with_a_nul_is_refused()
    {
        int length = _volume.Cipher.EncryptText("symlink"u8, "a\0b"u8, _lower);
        Assert.Equal(TargetStatus.AuthenticationFailed, _volume.Targets.Decode(_lower.AsSpan(0, length), _target, out _));
    }

    [Fact]
    public void A_target_too_long_to_stand_in_the_symlink_is_refused_there()
    {
        byte[] target = Encoding.ASCII.GetBytes(new string('t', 624));
        int length = _volume.Cipher.EncryptText("symlink"u8, target, _content);
        Assert.Equal(TargetStatus.AuthenticationFailed, _volume.Targets.Decode(_content.AsSpan(0, length), _target, out _));
    }

    [Fact]
    public void A_companion_must_hold_what_its_name_says()
    {
        byte[] target = Encoding.ASCII.GetBytes(new string('t', 1000));
        _volume.Targets.Encode(target, _lower, out int lowerLength);
        target[0] = (byte)'u';
        int contentLength = _volume.Targets.EncodeCompanion(target, _content);
        Assert.Equal(
            TargetStatus.AuthenticationFailed,
            _volume.Targets.DecodeCompanion(
                _lower.AsSpan(0, lowerLength), _content.AsSpan(0, contentLength), _target, out int length));
        Assert.Equal(0, length);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(26, 0)]
    [InlineData(28, 1)]
    [InlineData(59, -1)]
    [InlineData(1023, 623)]
    [InlineData(100_000, 0)]
    public void A_hostile_size_gives_no_nonsense(long lower, long upper) =>
        Assert.Equal(upper, SymlinkTargets.SizeOf(lower));
}
