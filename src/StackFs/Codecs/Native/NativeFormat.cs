namespace StackFs.Codecs.Native;

/// <summary>The sizes, offsets and labels of the native format, version 1 (FORMAT.md). All in bytes.</summary>
internal static class NativeFormat
{
    /// <summary>The format's version: the last byte of the magic, and the first of an extent's additional data.</summary>
    internal const byte Version = 1;

    /// <summary>A lower page: the header, and each extent.</summary>
    internal const int PageSize = 4096;

    /// <summary>The header page.</summary>
    internal const int HeaderSize = PageSize;

    /// <summary>Plaintext in an extent.</summary>
    internal const int ExtentSize = PageSize - NonceSize - MetaSize - TagSize;

    /// <summary>A GCM nonce.</summary>
    internal const int NonceSize = 12;

    /// <summary>A GCM tag.</summary>
    internal const int TagSize = 16;

    /// <summary>An extent's count and flags.</summary>
    internal const int MetaSize = 4;

    /// <summary>VK, FEK, NK and the keys derived from them, but for the SIV key.</summary>
    internal const int KeySize = 32;

    /// <summary>The key of AES-256-SIV.</summary>
    internal const int SivKeySize = 64;

    /// <summary>The synthetic IV, by which a SIV ciphertext is longer than its plaintext.</summary>
    internal const int SivSize = 16;

    /// <summary>A wrapped key: nonce, ciphertext, tag.</summary>
    internal const int WrappedKeySize = NonceSize + KeySize + TagSize;

    /// <summary>A file id.</summary>
    internal const int FileIdSize = 16;

    /// <summary>A volume key id.</summary>
    internal const int VolumeKeyIdSize = 16;

    /// <summary>The header's MAC.</summary>
    internal const int MacSize = 32;

    // Offsets in the header page (FORMAT.md section 2.1).
    internal const int VersionOffset = 7;
    internal const int HeaderLengthOffset = 8;
    internal const int SuiteOffset = 10;
    internal const int FlagsOffset = 11;
    internal const int ReservedOffset = 12;
    internal const int ReservedSize = 4;
    internal const int FileIdOffset = 16;
    internal const int VolumeKeyIdOffset = FileIdOffset + FileIdSize;
    internal const int WrappedFekOffset = VolumeKeyIdOffset + VolumeKeyIdSize;
    internal const int WrappedNextFekOffset = WrappedFekOffset + WrappedKeySize;
    internal const int WrappedNamesKeyOffset = WrappedNextFekOffset + WrappedKeySize;
    internal const int SlotAreaOffset = WrappedNamesKeyOffset + WrappedKeySize;
    internal const int SlotAreaSize = MacOffset - SlotAreaOffset;
    internal const int MacOffset = HeaderSize - MacSize;

    // Offsets in an extent page (FORMAT.md section 2.2).
    internal const int CountOffset = NonceSize;
    internal const int ExtentFlagsOffset = CountOffset + 2;
    internal const int CiphertextOffset = NonceSize + MetaSize;
    internal const int TagOffset = PageSize - TagSize;

    /// <summary>The first 8 bytes of a header: the name, then the version.</summary>
    internal static ReadOnlySpan<byte> Magic => "StackFs\u0001"u8;

    /// <summary>HKDF label: FEK to extent key.</summary>
    internal static ReadOnlySpan<byte> ExtentKeyLabel => "extent"u8;

    /// <summary>HKDF label: FEK to header key.</summary>
    internal static ReadOnlySpan<byte> HeaderKeyLabel => "header"u8;

    /// <summary>HKDF label: NK to SIV key.</summary>
    internal static ReadOnlySpan<byte> NamesKeyLabel => "names"u8;

    /// <summary>Start of a wrapped FEK's additional data.</summary>
    internal static ReadOnlySpan<byte> FekLabel => "FEK"u8;

    /// <summary>Start of a wrapped next FEK's additional data.</summary>
    internal static ReadOnlySpan<byte> NextFekLabel => "next FEK"u8;

    /// <summary>The layout of every native file.</summary>
    internal static ExtentGeometry Geometry => new(HeaderSize, ExtentSize, PageSize, CiphertextOffset);
}
