using StackFs.Fuse;

namespace StackFs.Tests.Unit.Fuse;

public sealed class DirEntryWriterTests
{
    [Fact]
    public void Records_are_padded_with_zeros()
    {
        byte[] buffer = new byte[64];
        buffer.AsSpan().Fill(0xEE);
        var writer = new DirEntryWriter(buffer);

        Assert.True(writer.TryAdd("abc"u8, ino: 0x11, nextOffset: 2, type: 8));

        Assert.Equal(32, writer.Length);
        Assert.Equal(
            AnnotatedHex.Parse("""
                11 00 00 00 00 00 00 00  # ino
                02 00 00 00 00 00 00 00  # off
                03 00 00 00              # namelen
                08 00 00 00              # DT_REG
                61 62 63 00 00 00 00 00  # "abc", padding
                """),
            buffer[..32]);
    }

    [Fact]
    public void A_record_that_does_not_fit_adds_nothing()
    {
        byte[] buffer = new byte[63];
        var writer = new DirEntryWriter(buffer);

        Assert.True(writer.TryAdd("12345678"u8, 1, 1, 4));
        Assert.False(writer.TryAdd("123456789"u8, 1, 2, 4));
        Assert.Equal(32, writer.Length);
    }

    [Fact]
    public void Plus_records_carry_the_entry_and_its_inode_number()
    {
        byte[] buffer = new byte[160];
        var writer = new DirEntryWriter(buffer);
        var entry = new FuseEntryOut { NodeId = new NodeId(7), Attr = new FuseAttr { Ino = 0x22 } };

        Assert.True(writer.FitsPlus(8));
        Assert.False(writer.FitsPlus(9));
        Assert.True(writer.TryAddPlus("12345678"u8, in entry, nextOffset: 3, type: 4));

        Assert.Equal(160, writer.Length);
        Assert.Equal(7, buffer[0]);
        Assert.Equal(0x22, buffer[128]);
        Assert.Equal(3, buffer[136]);
        Assert.Equal(8, buffer[144]);
        Assert.Equal((byte)'8', buffer[159]);
        Assert.False(writer.FitsPlus(0));
    }
}
