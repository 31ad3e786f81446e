using System.Runtime.CompilerServices;
using StackFs.Keyring;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Unit.Keyring;

public sealed class ProcessHardeningTests
{
    [Fact]
    public void TheProcessIsNotDumpable()
    {
        Assert.Equal(Errno.None, ProcessHardening.Apply());
        Assert.False(Posix.IsDumpable());
        Assert.Equal(Errno.None, Posix.GetLimit(Posix.RLIMIT_CORE, out Posix.ResourceLimit limit));
        Assert.Equal(0UL, limit.Soft);
        Assert.Equal(0UL, limit.Hard);
    }

    [Fact]
    public void StructuresHaveTheKernelsSizes()
    {
        Assert.Equal(16, Unsafe.SizeOf<Posix.ResourceLimit>());
        Assert.Equal(60, Unsafe.SizeOf<Posix.TerminalAttributes>());
        Assert.Equal(256, Unsafe.SizeOf<Posix.FileStatus>());
        Assert.Equal(40, Unsafe.SizeOf<LibCrypto.Param>());
    }
}
