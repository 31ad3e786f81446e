using StackFs.Fuse;
using StackFs.Operations;
using StackFs.Tests.Common;
using StackFs.Tests.Unit.Fuse;

namespace StackFs.Tests.Unit.Operations;

/// <summary>Which requests begin while the key is leaving or gone (Mounting/LEASE.md, "States").</summary>
public sealed class KeyGateTests
{
    private static readonly FuseOpcode[] Always =
    [
        FuseOpcode.Forget, FuseOpcode.BatchForget, FuseOpcode.Release, FuseOpcode.ReleaseDir, FuseOpcode.Flush,
        FuseOpcode.Fsync, FuseOpcode.FsyncDir, FuseOpcode.StatFs, FuseOpcode.SyncFs, FuseOpcode.GetLk, FuseOpcode.SetLk,
        FuseOpcode.SetLkW,
    ];

    private static readonly FuseOpcode[] AtTheRoot = [FuseOpcode.GetAttr, FuseOpcode.StatX, FuseOpcode.OpenDir];

    [Fact]
    public void With_the_key_everything_begins() =>
        Assert.All(Enum.GetValues<FuseOpcode>(), opcode => Assert.True(Admits(KeyState.Held, opcode, node: 7), $"{opcode}"));

    [Fact]
    public void Without_the_key_only_what_needs_none_begins()
    {
        foreach (KeyState state in (KeyState[])[KeyState.Leaving, KeyState.Gone])
        {
            Assert.All(
                Enum.GetValues<FuseOpcode>(),
                opcode => Assert.Equal(Always.Contains(opcode), Admits(state, opcode, node: 7)));
            Assert.All(
                Enum.GetValues<FuseOpcode>(),
                opcode => Assert.Equal(Always.Contains(opcode) || AtTheRoot.Contains(opcode), Admits(state, opcode, node: 1)));
        }
    }

    [Fact]
    public void A_leaving_key_lets_the_kernel_write_back_and_nobody_else()
    {
        KeyGate gate = new() { State = KeyState.Leaving };
        Assert.True(Admits(gate, FuseOpcode.Write, new FuseWriteIn { WriteFlags = WriteFlags.Cache }));
        Assert.False(Admits(gate, FuseOpcode.Write, new FuseWriteIn()));
        Assert.True(Admits(gate, FuseOpcode.SetAttr, new FuseSetAttrIn { Valid = SetAttrValid.Mtime | SetAttrValid.Ctime }));
        Assert.False(Admits(gate, FuseOpcode.SetAttr, new FuseSetAttrIn { Valid = SetAttrValid.Mtime | SetAttrValid.Atime }));
        Assert.False(Admits(gate, FuseOpcode.SetAttr, new FuseSetAttrIn { Valid = SetAttrValid.Size }));
        Assert.Equal(0, gate.WrittenTooLate);
    }

    [Fact]
    public void Pages_that_come_when_the_key_is_gone_are_refused_and_counted()
    {
        KeyGate gate = new() { State = KeyState.Gone };
        Assert.False(Admits(gate, FuseOpcode.Write, new FuseWriteIn { WriteFlags = WriteFlags.Cache }));
        Assert.False(Admits(gate, FuseOpcode.Write, new FuseWriteIn()));
        Assert.False(Admits(gate, FuseOpcode.SetAttr, new FuseSetAttrIn { Valid = SetAttrValid.Mtime }));
        Assert.True(Admits(gate, FuseOpcode.SetAttr, new FuseSetAttrIn { Valid = SetAttrValid.Mtime | SetAttrValid.FileHandle }));
        Assert.False(Admits(gate, FuseOpcode.SetAttr, new FuseSetAttrIn { Valid = SetAttrValid.Size | SetAttrValid.FileHandle }));
        Assert.Equal(1, gate.WrittenTooLate);
    }

    [Fact]
    public void Looking_allocates_nothing()
    {
        KeyGate gate = new();
        byte[] bytes = MemoryChannel.Request(FuseOpcode.Read, default(FuseReadIn));
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                _ = FuseRequest.TryParse(bytes, out FuseRequest request) && gate.Admits(in request);
            }
        }));
    }

    private static bool Admits(KeyState state, FuseOpcode opcode, ulong node)
    {
        byte[] bytes = MemoryChannel.Request(opcode, default(FuseSetAttrIn));
        bytes[16] = (byte)node; // nodeid of fuse_in_header

        // Times written back are a case of their own.
        if (opcode == FuseOpcode.SetAttr)
        {
            bytes[40] = (byte)SetAttrValid.Mode;
        }

        Assert.True(FuseRequest.TryParse(bytes, out FuseRequest request));
        Assert.Equal(node, request.Header.NodeId.Value);
        return new KeyGate { State = state }.Admits(in request);
    }

    private static bool Admits<T>(KeyGate gate, FuseOpcode opcode, T body)
        where T : unmanaged
    {
        Assert.True(FuseRequest.TryParse(MemoryChannel.Request(opcode, in body), out FuseRequest request));
        return gate.Admits(in request);
    }
}
