using System.Text;
using StackFs.Fuse;

namespace StackFs.Tests.Unit.Fuse;

public sealed class FuseRequestTests
{
    private const string LookupHeader = """
        2c 00 00 00              # len 44
        01 00 00 00              # opcode LOOKUP
        0a 00 00 00 00 00 00 00  # unique 10
        01 00 00 00 00 00 00 00  # nodeid 1
        e8 03 00 00              # uid 1000
        64 00 00 00              # gid 100
        d2 04 00 00              # pid 1234
        00 00                    # no extensions
        00 00                    # padding
        """;

    private const string Rename2 = """
        42 00 00 00              # len 66
        2d 00 00 00              # opcode RENAME2
        0c 00 00 00 00 00 00 00  # unique 12
        02 00 00 00 00 00 00 00  # nodeid 2
        00 00 00 00 00 00 00 00  # uid, gid 0
        01 00 00 00 00 00 00 00  # pid 1, no extensions
        03 00 00 00 00 00 00 00  # new directory 3
        01 00 00 00 00 00 00 00  # flags RENAME_NOREPLACE, padding
        6f 6c 64 00              # "old"
        6e 65 77 5f 6e 00        # "new_n"
        """;

    private const string MkDirWithGroup = """
        48 00 00 00              # len 72
        09 00 00 00              # opcode MKDIR
        0e 00 00 00 00 00 00 00  # unique 14
        01 00 00 00 00 00 00 00  # nodeid 1
        e8 03 00 00 e8 03 00 00  # uid, gid 1000
        01 00 00 00              # pid 1
        02 00                    # 16 bytes of extensions
        00 00                    # padding
        fd 01 00 00              # mode 0775
        12 00 00 00              # umask 022
        61 62 63 64 65 66 67 00  # "abcdefg"
        10 00 00 00              # extension of 16 bytes
        20 00 00 00              # FUSE_EXT_GROUPS
        01 00 00 00              # one group
        32 00 00 00              # 50
        """;

    [Fact]
    public void Lookup_is_taken_apart()
    {
        byte[] bytes = AnnotatedHex.Parse(LookupHeader + "\n61 c3 a9 00 # name");

        Assert.True(FuseRequest.TryParse(bytes, out FuseRequest request));
        Assert.Equal(FuseOpcode.Lookup, request.Header.Opcode);
        Assert.Equal(10ul, request.Header.Unique);
        Assert.Equal(NodeId.Root, request.Header.NodeId);
        Assert.Equal((1000u, 100u, 1234u), (request.Header.Uid, request.Header.Gid, request.Header.Pid));
        RequestReader reader = request.Reader;
        Assert.Equal("aé", Encoding.UTF8.GetString(reader.ReadName()));
        Assert.False(reader.Failed);
        Assert.Equal(0, reader.Remaining);
    }

    [Fact]
    public void Rename_has_a_structure_and_two_names()
    {
        Assert.True(FuseRequest.TryParse(AnnotatedHex.Parse(Rename2), out FuseRequest request));

        RequestReader reader = request.Reader;
        ref readonly FuseRename2In rename = ref reader.Read<FuseRename2In>();
        ReadOnlySpan<byte> oldName = reader.ReadName();
        ReadOnlySpan<byte> newName = reader.ReadName();

        Assert.False(reader.Failed);
        Assert.Equal(new NodeId(3), rename.NewDir);
        Assert.Equal(1u, rename.Flags);
        Assert.Equal("old", Encoding.ASCII.GetString(oldName));
        Assert.Equal("new_n", Encoding.ASCII.GetString(newName));
    }

    [Fact]
    public void Extensions_are_kept_out_of_the_body()
    {
        Assert.True(FuseRequest.TryParse(AnnotatedHex.Parse(MkDirWithGroup), out FuseRequest request));

        RequestReader reader = request.Reader;
        Assert.Equal(0x1FDu, reader.Read<FuseMkDirIn>().Mode);
        Assert.Equal("abcdefg", Encoding.ASCII.GetString(reader.ReadName()));
        Assert.Equal(0, reader.Remaining);
        Assert.Equal(16, request.Extensions.Length);
        Assert.True(request.TryGetSupplementaryGroup(out uint gid));
        Assert.Equal(50u, gid);
    }

    [Theory]
    [InlineData(56, 0x07, "extension shorter than its own header")]
    [InlineData(56, 0x18, "extension longer than what there is")]
    [InlineData(60, 0x01, "extension of another type")]
    [InlineData(64, 0x00, "no group")]
    public void Supplementary_group_is_absent_from(int offset, byte value, string what)
    {
        byte[] bytes = AnnotatedHex.Parse(MkDirWithGroup);
        bytes[offset] = value;

        Assert.True(FuseRequest.TryParse(bytes, out FuseRequest request), what);
        Assert.False(request.TryGetSupplementaryGroup(out _), what);
    }

    [Theory]
    [InlineData("", "nothing")]
    [InlineData("2c 00 00 00 01 00 00 00", "half a header")]
    [InlineData(LookupHeader, "length past the bytes")]
    [InlineData(LookupHeader + "\n61 62 63 00 00", "bytes past the length")]
    [InlineData("28 00 00 00 01 00 00 00 0a 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00" +
        "00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00", "extensions past the end")]
    public void Layouts_that_are_no_request(string hex, string what)
    {
        Assert.False(FuseRequest.TryParse(AnnotatedHex.Parse(hex), out _), what);
    }

    [Theory]
    [InlineData("", "no name")]
    [InlineData("61 62 63", "no NUL")]
    [InlineData("00", "empty")]
    [InlineData("2e 00", "dot")]
    [InlineData("2e 2e 00", "dot dot")]
    [InlineData("61 2f 62 00", "slash")]
    public void Names_that_no_directory_holds_fail(string hex, string what)
    {
        var reader = new RequestReader(AnnotatedHex.Parse(hex));

        Assert.True(reader.ReadName().IsEmpty, what);
        Assert.True(reader.Failed, what);
    }

    [Fact]
    public void A_structure_that_is_cut_short_reads_as_zeros_and_fails_for_good()
    {
        var reader = new RequestReader(AnnotatedHex.Parse("ff ff ff ff ff ff ff ff ff ff ff ff 61 00"));

        ref readonly FuseRename2In rename = ref reader.Read<FuseRename2In>();

        Assert.Equal(default, rename.NewDir);
        Assert.True(reader.Failed);
        Assert.True(reader.ReadString().IsEmpty);
        Assert.Equal(0, reader.ReadRest().Length);
    }

    [Fact]
    public void Counts_past_the_end_fail()
    {
        var reader = new RequestReader([1, 2, 3]);
        Assert.Equal(2, reader.ReadBytes(2).Length);
        Assert.True(reader.ReadBytes(uint.MaxValue).IsEmpty);
        Assert.True(reader.Failed);

        var second = new RequestReader([1, 2, 3]);
        Assert.True(second.ReadBytes(-1).IsEmpty);
        Assert.True(second.Failed);
    }
}
