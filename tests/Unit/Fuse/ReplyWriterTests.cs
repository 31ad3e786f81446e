using System.Text;
using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Unit.Fuse;

public sealed class ReplyWriterTests
{
    private readonly byte[] _message = new byte[4096];

    [Fact]
    public void Errors_are_negated()
    {
        var reply = new ReplyWriter(_message);
        reply.Fail(Errno.ENOENT);

        Assert.Equal(Errno.ENOENT, reply.Error);
        Assert.Equal(
            AnnotatedHex.Parse("""
                10 00 00 00              # len 16
                fe ff ff ff              # -ENOENT
                07 00 00 00 00 00 00 00  # unique 7
                """),
            reply.Finish(7).ToArray());
    }

    [Fact]
    public void A_structure_follows_the_header()
    {
        var reply = new ReplyWriter(_message);
        reply.Struct(new FuseWriteOut { Size = 0x1000 });

        Assert.Equal(
            AnnotatedHex.Parse("""
                18 00 00 00              # len 24
                00 00 00 00              # no error
                07 00 00 00 00 00 00 00  # unique 7
                00 10 00 00              # 4096 bytes written
                00 00 00 00              # padding
                """),
            reply.Finish(7).ToArray());
    }

    [Fact]
    public void Create_answers_two_structures()
    {
        var reply = new ReplyWriter(_message);
        reply.Struct(new FuseEntryOut { NodeId = new NodeId(9) }, new FuseOpenOut { FileHandle = new FileHandleId(5) });

        ReadOnlySpan<byte> message = reply.Finish(1);
        Assert.Equal(16 + 128 + 16, message.Length);
        Assert.Equal(9, message[16]);
        Assert.Equal(5, message[16 + 128]);
    }

    [Fact]
    public void Payload_is_sent_up_to_the_length_given()
    {
        var reply = new ReplyWriter(_message);
        Assert.Equal(4096 - 16, reply.Payload.Length);
        "hello"u8.CopyTo(reply.Payload);
        reply.Complete(5);

        Assert.Equal("hello", Encoding.ASCII.GetString(reply.Finish(1)[16..]));
    }

    [Fact]
    public void A_second_answer_is_a_bug()
    {
        Assert.Throws<InvalidOperationException>(() =>
        {
            var reply = new ReplyWriter(_message);
            reply.Ok();
            reply.Fail(Errno.EIO);
        });
        Assert.Throws<InvalidOperationException>(() =>
        {
            var reply = new ReplyWriter(_message);
            reply.None();
            reply.Ok();
        });
    }

    [Fact]
    public void Success_is_no_failure_and_lengths_stay_inside_the_buffer()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReplyWriter(_message).Fail(Errno.None));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReplyWriter(_message).Complete(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReplyWriter(_message).Complete(4096 - 15));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReplyWriter(new byte[20]).Struct(default(FuseEntryOut)));
    }

    [Fact]
    public void Completion_is_visible()
    {
        var reply = new ReplyWriter(_message);
        Assert.False(reply.IsComplete);
        reply.None();
        Assert.True(reply.IsComplete);
        Assert.True(reply.IsSilent);
    }
}
