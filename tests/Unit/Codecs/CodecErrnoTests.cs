using StackFs.Codecs;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Unit.Codecs;

/// <summary>The table of FORMAT.md section 6.</summary>
public class CodecErrnoTests
{
    [Theory]
    [InlineData("Ok", Errno.None)]
    [InlineData("Empty", Errno.None)]
    [InlineData("Erased", Errno.EIO)]
    [InlineData("NotStackFs", Errno.EIO)]
    [InlineData("UnknownVersion", Errno.EOPNOTSUPP)]
    [InlineData("UnknownSuite", Errno.EOPNOTSUPP)]
    [InlineData("UnknownFlags", Errno.EOPNOTSUPP)]
    [InlineData("Malformed", Errno.EIO)]
    [InlineData("OtherVolume", Errno.ENOKEY)]
    [InlineData("AuthenticationFailed", Errno.EIO)]
    [InlineData("NoKey", Errno.ENOKEY)]
    [InlineData("Replaced", Errno.ESTALE)]
    public void A_header_status_has_its_errno(string status, Errno errno) =>
        Assert.Equal(errno, CodecErrno.From(Enum.Parse<HeaderStatus>(status)));

    [Fact]
    public void Every_header_status_has_an_errno() =>
        Assert.All(Enum.GetValues<HeaderStatus>(), s => Assert.True(CodecErrno.From(s) >= Errno.None));

    [Theory]
    [InlineData("Ok", false, Errno.None)]
    [InlineData("Hole", true, Errno.None)]
    [InlineData("Hole", false, Errno.EIO)]
    [InlineData("Malformed", true, Errno.EIO)]
    [InlineData("NoSuchKey", true, Errno.EIO)]
    [InlineData("AuthenticationFailed", true, Errno.EIO)]
    public void An_extent_status_has_its_errno(string status, bool sparse, Errno errno) =>
        Assert.Equal(errno, CodecErrno.From(Enum.Parse<ExtentStatus>(status), sparse));
}
