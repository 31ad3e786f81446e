namespace StackFs.Keyring.Volumes;

/// <summary>Offsets and limits of <c>stackfs.conf</c> (CONFIG.md).</summary>
internal static class ConfigLayout
{
    internal const ushort Version = 1;
    internal const int MaximumLength = 16_384;
    internal const int MinimumLength = BodyOffset + SmallestArea + SmallestArea + MacLength;

    internal const int VersionOffset = 8;
    internal const int NamesOffset = 10;
    internal const int FormatOffset = 11;
    internal const int LengthOffset = 12;
    internal const int IdOffset = 16;
    internal const int NameKeyOffset = 32;
    internal const int SlotsLengthOffset = 92;
    internal const int GenerationOffset = 96;
    internal const int KeysLengthOffset = 104;
    internal const int ReservedOffset = 108;
    internal const int BodyOffset = 112;
    internal const int MacLength = 32;

    private const int SmallestArea = 4;

    internal static ReadOnlySpan<byte> Magic => "StackFsC"u8;
}
