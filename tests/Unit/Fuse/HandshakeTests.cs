using System.Runtime.InteropServices;
using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Unit.Fuse;

public sealed class HandshakeTests : IDisposable
{
    private const InitFlags Everything = (InitFlags)0x7FF_FFFF_FFFF;

    private readonly MemoryChannel _channel = new();

    public void Dispose() => _channel.Dispose();

    [Theory]
    [InlineData(true, true, false, true)]
    [InlineData(true, false, false, false)]
    [InlineData(false, true, false, false)]
    [InlineData(true, true, true, false)]
    public void Io_uring_is_agreed_on_where_it_is_offered_and_rings_are_ready(bool offered, bool ready, bool locks, bool agreed)
    {
        InitFlags flags = offered ? Everything : Everything & ~InitFlags.OverIoUring;
        _channel.Add(Init(7, 45, flags));
        int asked = 0;
        var wanted = new FuseInitReply { Flags = FuseInitReply.Usual | (locks ? InitFlags.PosixLocks : InitFlags.None) };
        Assert.True(Handshake.Run(_channel, new Filesystem(wanted), () => ++asked > 0 && ready));
        Assert.Equal(offered && !locks ? 1 : 0, asked);
        FuseInitOut answer = Answer();
        Assert.Equal(agreed, FlagsOf(in answer).HasFlag(InitFlags.OverIoUring));
    }

    [Fact]
    public void What_both_sides_want_is_agreed()
    {
        _channel.Add(Init(7, 45, Everything));
        var filesystem = new Filesystem(new FuseInitReply { Flags = FuseInitReply.Usual | InitFlags.WritebackCache });

        Assert.True(Handshake.Run(_channel, filesystem));

        FuseInitOut answer = Answer();
        Assert.Equal((7u, 45u), (answer.Major, answer.Minor));
        Assert.Equal(1u << 20, answer.MaxWrite);
        Assert.Equal((1 << 20) / Environment.SystemPageSize, answer.MaxPages);
        Assert.Equal(131072u, answer.MaxReadahead);
        Assert.Equal(1u, answer.TimeGranularity);
        Assert.Equal(FuseInitReply.Usual | InitFlags.WritebackCache | InitFlags.AbortError, FlagsOf(in answer));
        Assert.Equal(new KernelOffer(45, Everything, 131072), filesystem.Offer);
    }

    [Fact]
    public void What_the_kernel_does_not_offer_is_dropped()
    {
        _channel.Add(Init(7, 38, InitFlags.AsyncRead | InitFlags.MaxPages | InitFlags.InitExt));

        Assert.True(Handshake.Run(_channel, new Filesystem(new FuseInitReply())));
        FuseInitOut answer = Answer();
        Assert.Equal(InitFlags.AsyncRead | InitFlags.MaxPages | InitFlags.InitExt, FlagsOf(in answer));
    }

    [Fact]
    public void A_short_INIT_offers_no_high_flags()
    {
        byte[] bytes = Init(7, 34, Everything & ~InitFlags.InitExt);
        bytes = bytes[..(40 + 16)];
        bytes[0] = 56;
        _channel.Add(bytes);
        var filesystem = new Filesystem(new FuseInitReply());

        Assert.True(Handshake.Run(_channel, filesystem));
        Assert.Equal((InitFlags)uint.MaxValue & ~InitFlags.InitExt, filesystem.Offer.Flags);
    }

    [Fact]
    public void A_newer_major_version_is_asked_to_step_down()
    {
        _channel.Add(Init(8, 1, Everything));
        _channel.Add(Init(7, 45, Everything));

        Assert.True(Handshake.Run(_channel, new Filesystem(new FuseInitReply())));
        Assert.Equal(7u, MemoryMarshal.Read<FuseInitOut>(_channel.Sent[0].AsSpan(16)).Major);
        Assert.Equal(2, _channel.Sent.Count);
    }

    [Theory]
    [InlineData(7, 32)]
    [InlineData(6, 45)]
    public void A_kernel_too_old_is_refused_with_what_is_needed(uint major, uint minor)
    {
        _channel.Add(Init(major, minor, Everything));

        FuseMountException exception = Assert.Throws<FuseMountException>(
            () => Handshake.Run(_channel, new Filesystem(new FuseInitReply())));
        Assert.Contains("7.33 (Linux 5.13) or later is needed", exception.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.EPROTO, _channel.LastError);
    }

    [Fact]
    public void Anything_but_INIT_first_is_refused()
    {
        _channel.Add(MemoryChannel.Request(FuseOpcode.GetAttr, default(FuseGetAttrIn)));

        Assert.Throws<FuseMountException>(() => Handshake.Run(_channel, new Filesystem(new FuseInitReply())));
        Assert.Equal(Errno.EPROTO, _channel.LastError);
    }

    [Fact]
    public void A_mount_that_goes_away_first_is_no_error()
    {
        Assert.False(Handshake.Run(_channel, new Filesystem(new FuseInitReply())));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    [InlineData((1 << 20) + 4096)]
    public void Sizes_that_the_buffers_do_not_have_are_a_bug(int maxWrite)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Handshake.Accept(
            new KernelOffer(45, Everything, 131072), new FuseInitReply { MaxWrite = maxWrite }));
    }

    private static byte[] Init(uint major, uint minor, InitFlags flags) => MemoryChannel.Request(
        FuseOpcode.Init,
        new FuseInitIn
        {
            Major = major,
            Minor = minor,
            MaxReadahead = 131072,
            Flags = (uint)((ulong)flags & uint.MaxValue),
            Flags2 = (uint)((ulong)flags >> 32),
        });

    private static InitFlags FlagsOf(in FuseInitOut answer) => (InitFlags)(answer.Flags | ((ulong)answer.Flags2 << 32));

    private FuseInitOut Answer()
    {
        Assert.Equal(Errno.None, _channel.LastError);
        return MemoryMarshal.Read<FuseInitOut>(_channel.Sent[^1].AsSpan(16));
    }

    private sealed class Filesystem(FuseInitReply reply) : IFuseFilesystem
    {
        public KernelOffer Offer { get; private set; }

        public FuseInitReply Negotiate(in KernelOffer offer)
        {
            Offer = offer;
            return reply;
        }

        public IFuseWorker CreateWorker() => throw new NotSupportedException();

        public void Destroyed() => throw new NotSupportedException();
    }
}
