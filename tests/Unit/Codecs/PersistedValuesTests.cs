using StackFs.Codecs;
using StackFs.Codecs.Native;

namespace StackFs.Tests.Unit.Codecs;

/// <summary>What stands on disk never changes its value or place; a failure here means a new format version.</summary>
public class PersistedValuesTests
{
    [Fact]
    public void Extent_flags_are_pinned() =>
        Assert.Equal(["None=0", "Final=1", "Epoch=2"], Pin<ExtentFlags>());

    [Fact]
    public void Header_flags_are_pinned() =>
        Assert.Equal(["None=0", "Sparse=1", "Epoch=2"], Pin<HeaderFlags>());

    [Fact]
    public void Suites_are_pinned() => Assert.Equal(["Aes256Gcm=1"], Pin<NativeSuite>());

    [Fact]
    public void The_header_layout_is_pinned()
    {
        Assert.Equal("537461636B467301", Convert.ToHexString(NativeFormat.Magic));
        Assert.Equal(
            [0, 7, 8, 10, 11, 12, 16, 32, 48, 108, 168, 228, 4064, 4096],
            [
                0, NativeFormat.VersionOffset, NativeFormat.HeaderLengthOffset, NativeFormat.SuiteOffset,
                NativeFormat.FlagsOffset, NativeFormat.ReservedOffset, NativeFormat.FileIdOffset,
                NativeFormat.VolumeKeyIdOffset, NativeFormat.WrappedFekOffset, NativeFormat.WrappedNextFekOffset,
                NativeFormat.WrappedNamesKeyOffset, NativeFormat.SlotAreaOffset, NativeFormat.MacOffset,
                NativeFormat.HeaderSize,
            ]);
        Assert.Equal(3836, NativeFormat.SlotAreaSize);
    }

    [Fact]
    public void The_extent_layout_is_pinned()
    {
        Assert.Equal(
            [12, 14, 16, 4080, 4096],
            [
                NativeFormat.CountOffset, NativeFormat.ExtentFlagsOffset, NativeFormat.CiphertextOffset,
                NativeFormat.TagOffset, NativeFormat.PageSize,
            ]);
        Assert.Equal(new ExtentGeometry(4096, 4064, 4096, 16), NativeFormat.Geometry);
    }

    private static string[] Pin<T>()
        where T : struct, Enum =>
        [.. Enum.GetValues<T>().Select(v => $"{v}={Convert.ToUInt64(v, null)}")];
}
