namespace StackFs.Codecs.Ecryptfs;

/// <summary>The numbers of the eCryptfs format (FORMAT.md beside this file), each once.</summary>
internal static class EcryptfsFormat
{
    /// <summary>Octets of a data extent, on every host.</summary>
    internal const int ExtentSize = 4096;

    /// <summary>Octets of the header region of a new file.</summary>
    internal const int NewHeaderSize = 8192;

    /// <summary>Octets at the front of a lower file, or of the attribute, that are ever parsed.</summary>
    internal const int ParsedSize = 4096;

    /// <summary>Octets that tell whether a file is one of ours, and its size.</summary>
    internal const int SizeAndMarker = 16;

    /// <summary>Octets of the size field at offset 0: all that a size change rewrites.</summary>
    internal const int SizeField = 8;

    /// <summary>Octets before the packets, version 1 and later.</summary>
    internal const int FixedSize = 26;

    /// <summary>Octets before the packets, version 0.</summary>
    internal const int FixedSizeVersionZero = 20;

    /// <summary>The version that is written.</summary>
    internal const byte Version = 3;

    /// <summary>The two halves of the marker differ by this.</summary>
    internal const uint Marker = 0x3C81B7F5;

    /// <summary>The largest header region believed; hosts write one page of theirs, at most 64 KiB so far.</summary>
    internal const long MaxHeaderSize = 1 << 20;

    /// <summary>Octets of the longest wrapped file key in a tag 3 packet.</summary>
    internal const int MaxWrappedKey = 64;

    /// <summary>Octets of the longest RSA ciphertext in a tag 1 packet.</summary>
    internal const int MaxRsaCiphertext = 512;

    /// <summary>The largest upper size that a lower file can hold, header included.</summary>
    internal const long MaxUpperSize = long.MaxValue - MaxHeaderSize - ExtentSize;

    /// <summary>Name of the attribute that holds the metadata in attribute mode.</summary>
    internal static ReadOnlySpan<byte> AttributeName => "user.ecryptfs"u8;
}

/// <summary>Flag octet of the header (FORMAT.md section 3).</summary>
[Flags]
internal enum EcryptfsFlags : byte
{
    /// <summary>None set.</summary>
    None = 0,

    /// <summary>Reserved for a message authentication code that was never made; ignored, never written.</summary>
    Hmac = 0x01,

    /// <summary>Contents are encrypted; set on every file that is written.</summary>
    Encrypted = 0x02,

    /// <summary>This copy of the metadata lives in the attribute.</summary>
    MetadataInAttribute = 0x04,

    /// <summary>Made on a mount that encrypts names; information only.</summary>
    EncryptedNames = 0x08,
}
