using StackFs.Keyring.Interop;
using StackFs.Names;

namespace StackFs.Tests.Unit.Names;

/// <summary>The table of FORMAT.md section 6.</summary>
public class NameErrnoTests
{
    [Fact]
    public void Every_status_has_the_errno_of_the_table()
    {
        Assert.Equal(
            [Errno.None, Errno.None, Errno.EINVAL, Errno.ENAMETOOLONG, Errno.EPERM],
            Enum.GetValues<NameStatus>().Select(NameErrno.From));
        Assert.Equal(
            [Errno.None, Errno.None, Errno.EINVAL, Errno.ENAMETOOLONG, Errno.EIO],
            Enum.GetValues<TargetStatus>().Select(NameErrno.From));
        Assert.Equal(
            [
                Errno.None, Errno.None, Errno.None, Errno.ENODATA, Errno.EINVAL, Errno.ERANGE, Errno.E2BIG, Errno.EIO,
            ],
            Enum.GetValues<XattrStatus>().Select(NameErrno.From));
    }
}
