using System.Security.Cryptography;

namespace StackFs.Names;

/// <summary>
/// The forms of lower names that are not plain encodings: hash names, companions, the volume's own
/// (Codecs/Native/FORMAT.md sections 3 and 4). Nothing here is secret, and everything is safe on any thread.
/// </summary>
internal static class LowerNames
{
    /// <summary>The longest name of a directory entry, in bytes, upper and lower: NAME_MAX.</summary>
    internal const int MaxLength = 255;

    /// <summary>The longest content of a <c>.name</c> companion: the encoding of a name of 255 bytes.</summary>
    internal const int MaxCompanionLength = 434;

    /// <summary>Bytes of a Long entry's name, and of the name of its companion.</summary>
    internal const int LongLength = HashLength + 5;

    /// <summary>Bytes of the name of a symlink companion, and so of the lower symlink that points at it.</summary>
    internal const int TargetLength = HashLength + 7;

    /// <summary>Characters of a hash in a name.</summary>
    internal const int HashLength = 52;

    private static ReadOnlySpan<byte> ConfigName => "stackfs.conf"u8;

    // A new configuration before it is renamed into place.
    private static ReadOnlySpan<byte> NewConfigPrefix => ".stackfs.conf."u8;

    /// <summary>A file that <c>stackfs convert</c> has not finished, in any directory.</summary>
    internal static ReadOnlySpan<byte> ConversionName => ".stackfs.convert.tmp"u8;

    /// <summary>In the root, what <c>stackfs convert</c> has to remember.</summary>
    internal static ReadOnlySpan<byte> ConversionJournal => ".stackfs.convert.journal"u8;

    private static ReadOnlySpan<byte> LongSuffix => ".long"u8;

    private static ReadOnlySpan<byte> NameSuffix => ".name"u8;

    private static ReadOnlySpan<byte> TargetSuffix => ".target"u8;

    /// <summary>Whether an upper name can be a directory entry's: not empty, a dot, two, or with a slash or NUL.</summary>
    /// <remarks>Length is not looked at.</remarks>
    internal static bool IsEntryName(ReadOnlySpan<byte> upper) =>
        !upper.IsEmpty
        && !upper.ContainsAny((byte)0, (byte)'/')
        && !upper.SequenceEqual("."u8)
        && !upper.SequenceEqual(".."u8);

    /// <summary>Whether a lower name is that of a Long entry.</summary>
    internal static bool IsLong(ReadOnlySpan<byte> lower) => IsHashName(lower, LongSuffix);

    /// <summary>Whether a lower name is that of a companion of either kind.</summary>
    internal static bool IsCompanion(ReadOnlySpan<byte> lower) =>
        IsHashName(lower, NameSuffix) || IsTargetCompanion(lower);

    /// <summary>Whether a lower name, or a lower symlink's target, is the name of a symlink companion.</summary>
    internal static bool IsTargetCompanion(ReadOnlySpan<byte> lower) => IsHashName(lower, TargetSuffix);

    /// <summary>Whether a name is the volume's own, if it stands in the root.</summary>
    internal static bool IsVolumeFile(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(ConfigName) || name.StartsWith(NewConfigPrefix) || name.SequenceEqual(ConversionJournal);

    /// <summary>The name of the companion that belongs to a Long entry.</summary>
    /// <param name="longName">A name for which <see cref="IsLong"/> holds.</param>
    /// <param name="companion">At least <see cref="LongLength"/> bytes, all of which are written.</param>
    /// <returns>Bytes written.</returns>
    internal static int WriteCompanionName(ReadOnlySpan<byte> longName, Span<byte> companion)
    {
        longName[..HashLength].CopyTo(companion);
        NameSuffix.CopyTo(companion[HashLength..]);
        return LongLength;
    }

    /// <summary>The name of the Long entry whose whole encoding is <paramref name="text"/>.</summary>
    /// <returns>Bytes written, <see cref="LongLength"/>.</returns>
    internal static int WriteLongName(ReadOnlySpan<byte> text, Span<byte> name) => WriteHashName(text, LongSuffix, name);

    /// <summary>The name of the symlink companion that holds <paramref name="text"/>.</summary>
    /// <returns>Bytes written, <see cref="TargetLength"/>.</returns>
    internal static int WriteTargetName(ReadOnlySpan<byte> text, Span<byte> name) =>
        WriteHashName(text, TargetSuffix, name);

    /// <summary>Whether a hash name or companion name is that of <paramref name="text"/>.</summary>
    internal static bool IsHashOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[HashLength];
        WriteHash(text, hash);
        return name.StartsWith(hash);
    }

    /// <summary>The hash of a text as it stands in names.</summary>
    /// <param name="text">An encoding.</param>
    /// <param name="hash">At least <see cref="HashLength"/> bytes.</param>
    internal static void WriteHash(ReadOnlySpan<byte> text, Span<byte> hash)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(text, digest);
        _ = Base32Hex.Encode(digest, hash);
    }

    private static int WriteHashName(ReadOnlySpan<byte> text, ReadOnlySpan<byte> suffix, Span<byte> name)
    {
        WriteHash(text, name);
        suffix.CopyTo(name[HashLength..]);
        return HashLength + suffix.Length;
    }

    private static bool IsHashName(ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix)
    {
        if (name.Length != HashLength + suffix.Length || !name.EndsWith(suffix))
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        return Base32Hex.TryDecode(name[..HashLength], digest, out _);
    }
}
