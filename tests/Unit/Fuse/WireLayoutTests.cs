using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Fuse;

namespace StackFs.Tests.Unit.Fuse;

/// <summary>
/// Sizes and offsets as a C compiler prints them for <c>linux/fuse.h</c> (x86-64; the header pads for every ABI alike).
/// </summary>
public sealed class WireLayoutTests
{
    [Fact]
    public void Structures_have_the_size_of_the_kernel_header()
    {
        AssertSize<FuseInHeader>(40);
        AssertSize<FuseOutHeader>(16);
        AssertSize<FuseExtHeader>(8);
        AssertSize<FuseInitIn>(64);
        AssertSize<FuseInitOut>(64);
        AssertSize<FuseAttr>(88);
        AssertSize<FuseAttrOut>(104);
        AssertSize<FuseEntryOut>(128);
        AssertSize<FuseStatX>(256);
        AssertSize<FuseStatXOut>(288);
        AssertSize<FuseStatXIn>(24);
        AssertSize<FuseStatFsOut>(80);
        AssertSize<FuseForgetIn>(8);
        AssertSize<FuseForgetOne>(16);
        AssertSize<FuseBatchForgetIn>(8);
        AssertSize<FuseMkNodIn>(16);
        AssertSize<FuseMkDirIn>(8);
        AssertSize<FuseRenameIn>(8);
        AssertSize<FuseRename2In>(16);
        AssertSize<FuseLinkIn>(8);
        AssertSize<FuseSetXAttrIn>(16);
        AssertSize<FuseGetXAttrIn>(8);
        AssertSize<FuseGetXAttrOut>(8);
        AssertSize<FuseAccessIn>(8);
        AssertSize<FuseGetAttrIn>(16);
        AssertSize<FuseSetAttrIn>(88);
        AssertSize<FuseOpenIn>(8);
        AssertSize<FuseCreateIn>(16);
        AssertSize<FuseOpenOut>(16);
        AssertSize<FuseReleaseIn>(24);
        AssertSize<FuseFlushIn>(24);
        AssertSize<FuseReadIn>(40);
        AssertSize<FuseWriteIn>(40);
        AssertSize<FuseWriteOut>(8);
        AssertSize<FuseFsyncIn>(16);
        AssertSize<FuseFileLock>(24);
        AssertSize<FuseLkIn>(48);
        AssertSize<FuseInterruptIn>(8);
        AssertSize<FuseIoctlIn>(32);
        AssertSize<FuseIoctlOut>(16);
        AssertSize<FuseFAllocateIn>(32);
        AssertSize<FuseLSeekIn>(24);
        AssertSize<FuseLSeekOut>(8);
        AssertSize<FuseCopyFileRangeIn>(56);
        AssertSize<FuseCopyFileRangeOut>(8);
        AssertSize<FuseDirEnt>(24);
        AssertSize<FuseDirEntPlus>(152);
        AssertSize<FuseNotifyInvalInodeOut>(24);
        AssertSize<FuseNotifyInvalEntryOut>(16);
        AssertSize<FuseNotifyDeleteOut>(24);
        AssertSize<FuseUringEntInOut>(32);
        AssertSize<FuseUringReqHeader>(288);
        AssertSize<FuseUringCmdReq>(24);
    }

    [Fact]
    public void Fields_stand_where_the_kernel_header_has_them()
    {
        AssertOffset<FuseInHeader>(nameof(FuseInHeader.Unique), 8);
        AssertOffset<FuseInHeader>(nameof(FuseInHeader.Pid), 32);
        AssertOffset<FuseInHeader>(nameof(FuseInHeader.TotalExtensionLength), 36);
        AssertOffset<FuseInitIn>(nameof(FuseInitIn.Flags2), 16);
        AssertOffset<FuseInitOut>(nameof(FuseInitOut.MaxPages), 28);
        AssertOffset<FuseInitOut>(nameof(FuseInitOut.Flags2), 32);
        AssertOffset<FuseInitOut>(nameof(FuseInitOut.RequestTimeout), 40);
        AssertOffset<FuseAttr>(nameof(FuseAttr.AtimeNsec), 48);
        AssertOffset<FuseAttr>(nameof(FuseAttr.Rdev), 76);
        AssertOffset<FuseAttrOut>(nameof(FuseAttrOut.Attr), 16);
        AssertOffset<FuseEntryOut>(nameof(FuseEntryOut.Attr), 40);
        AssertOffset<FuseStatX>(nameof(FuseStatX.Atime), 64);
        AssertOffset<FuseStatX>(nameof(FuseStatX.RdevMajor), 128);
        AssertOffset<FuseStatXOut>(nameof(FuseStatXOut.Stat), 32);
        AssertOffset<FuseGetAttrIn>(nameof(FuseGetAttrIn.FileHandle), 8);
        AssertOffset<FuseSetAttrIn>(nameof(FuseSetAttrIn.Atime), 32);
        AssertOffset<FuseSetAttrIn>(nameof(FuseSetAttrIn.Mode), 68);
        AssertOffset<FuseSetAttrIn>(nameof(FuseSetAttrIn.Uid), 76);
        AssertOffset<FuseReleaseIn>(nameof(FuseReleaseIn.LockOwner), 16);
        AssertOffset<FuseReadIn>(nameof(FuseReadIn.LockOwner), 24);
        AssertOffset<FuseWriteIn>(nameof(FuseWriteIn.WriteFlags), 20);
        AssertOffset<FuseFAllocateIn>(nameof(FuseFAllocateIn.Mode), 24);
        AssertOffset<FuseCopyFileRangeIn>(nameof(FuseCopyFileRangeIn.NodeIdOut), 16);
        AssertOffset<FuseStatFsOut>(nameof(FuseStatFsOut.Namelen), 44);
        AssertOffset<FuseUringReqHeader>(nameof(FuseUringReqHeader.OperationIn), 128);
        AssertOffset<FuseUringReqHeader>(nameof(FuseUringReqHeader.Entry), 256);
        AssertOffset<FuseUringEntInOut>(nameof(FuseUringEntInOut.PayloadSize), 16);
        AssertOffset<FuseUringCmdReq>(nameof(FuseUringCmdReq.Queue), 16);
    }

    [Fact]
    public void Only_four_operations_have_no_reply()
    {
        FuseOpcode[] silent = [.. Enum.GetValues<FuseOpcode>().Where(opcode => !opcode.HasReply())];

        Assert.Equal(
            [FuseOpcode.Forget, FuseOpcode.Interrupt, FuseOpcode.NotifyReply, FuseOpcode.BatchForget],
            silent);
    }

    private static void AssertSize<T>(int size)
        where T : unmanaged
    {
        Assert.True(size == Unsafe.SizeOf<T>(), $"{typeof(T).Name} has {Unsafe.SizeOf<T>()} bytes, not {size}");
    }

    private static void AssertOffset<T>(string field, int offset)
        where T : unmanaged
    {
        int actual = (int)Marshal.OffsetOf<T>(field);
        Assert.True(offset == actual, $"{typeof(T).Name}.{field} stands at {actual}, not {offset}");
    }
}
