using System.Buffers.Binary;
using System.Text;
using StackFs.Tests.Common;

namespace StackFs.Tests.Vectors.Native;

/// <summary>
/// Reads what the native format stores, from FORMAT.md and <see cref="Reference"/> alone. Outcomes are the names of the
/// classes in FORMAT.md, as the vectors write them.
/// </summary>
internal static class ReferenceDecoder
{
    internal sealed record Header(string Status, byte Flags, byte[] Fek, byte[]? NextFek);

    internal sealed record Extent(string Status, int Count, int Flags, byte[] Plaintext);

    /// <summary>FORMAT.md section 2.1, in its order of checks.</summary>
    internal static Header ReadHeader(byte[] start, byte[] volumeKey)
    {
        byte[] page = start[..Math.Min(start.Length, 4096)];
        if (Array.TrueForAll(page, b => b == 0))
        {
            return Failed("Empty");
        }

        byte[] name = "StackFs"u8.ToArray();
        int seen = Math.Min(page.Length, name.Length);
        if (!page.AsSpan(0, seen).SequenceEqual(name.AsSpan(0, seen)))
        {
            return Failed("NotStackFs");
        }

        if (page.Length > 7 && page[7] != 1)
        {
            return Failed("UnknownVersion");
        }

        if (page.Length < 4096)
        {
            return Failed("Empty");
        }

        if (page[10] != 1)
        {
            return Failed("UnknownSuite");
        }

        if (page[11] > 3)
        {
            return Failed("UnknownFlags");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(8)) != 4096 || page[12..16].Any(b => b != 0)
            || !IsSlotArea(page[228..4064]))
        {
            return Failed("Malformed");
        }

        if (!Reference.Hkdf(volumeKey, "id", 16).AsSpan().SequenceEqual(page.AsSpan(32, 16)))
        {
            return Failed("OtherVolume");
        }

        byte[] fileId = page[16..32];
        byte[]? fek = Reference.Unwrap(volumeKey, "FEK", fileId, page[48..108]);
        byte[]? next = null;
        if (page[108..168].Any(b => b != 0))
        {
            next = Reference.Unwrap(volumeKey, "next FEK", fileId, page[108..168]);
            if (next is null)
            {
                return Failed("AuthenticationFailed");
            }
        }

        if (fek is null
            || !Oracle.Hmac(Reference.Hkdf(fek, "header", 32), page[..4064]).AsSpan().SequenceEqual(page.AsSpan(4064)))
        {
            return Failed("AuthenticationFailed");
        }

        return new Header("Ok", page[11], fek, next);
    }

    /// <summary>FORMAT.md section 2.2.</summary>
    internal static Extent ReadExtent(byte[] page, long index, byte[] fek, byte[]? nextFek, bool headerEpoch)
    {
        if (Array.TrueForAll(page, b => b == 0))
        {
            return new Extent("Hole", 0, 0, []);
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(12));
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(14));
        if (count is 0 or > 4064 || flags > 3)
        {
            return new Extent("Malformed", 0, 0, []);
        }

        byte[]? key = (flags & 2) != 0 == headerEpoch ? fek : nextFek;
        if (key is null)
        {
            return new Extent("NoSuchKey", 0, 0, []);
        }

        byte[]? plaintext = Oracle.GcmOpen(
            Reference.Hkdf(key, "extent", 32), page[..12], Reference.ExtentAdditionalData(index, page[12..16]), page[16..]);
        return plaintext is null
            ? new Extent("AuthenticationFailed", 0, 0, [])
            : new Extent("Ok", count, flags, plaintext[..count]);
    }

    /// <summary>FORMAT.md section 3: what a name in a lower directory is, and the upper name.</summary>
    /// <param name="lower">The entry's name.</param>
    /// <param name="companion">The content of its companion, if it has one.</param>
    /// <param name="inRoot">Whether the directory is the volume's root.</param>
    /// <param name="sivKey">HKDF(NK, "names", 64).</param>
    internal static (string Status, byte[] Upper) ReadName(string lower, string? companion, bool inRoot, byte[] sivKey)
    {
        byte[]? plain = OpenText(sivKey, "name", lower);
        if (plain is not null)
        {
            return IsName(plain) && plain.Length <= 143 ? ("Name", plain) : ("Invalid", []);
        }

        if (IsHashName(lower, ".long"))
        {
            if (companion is null)
            {
                return ("Long", []);
            }

            plain = lower[..52] == Reference.Hash(companion) ? OpenText(sivKey, "name", companion) : null;
            return plain is not null && IsName(plain) && plain.Length is > 143 and <= 255
                ? ("Name", plain)
                : ("Invalid", []);
        }

        bool isConfiguration = lower == "stackfs.conf" || lower.StartsWith(".stackfs.conf.", StringComparison.Ordinal);
        return IsHashName(lower, ".name") || IsHashName(lower, ".target") || (inRoot && isConfiguration)
            ? ("SideFile", [])
            : ("Foreign", Encoding.Latin1.GetBytes(lower));
    }

    /// <summary>FORMAT.md section 4.</summary>
    internal static (string Status, byte[] Target) ReadSymlink(string lower, string? companion, byte[] sivKey)
    {
        if (IsHashName(lower, ".target"))
        {
            if (companion is null)
            {
                return ("Companion", []);
            }

            if (companion.Length is <= 1023 or > 6578 || lower[..52] != Reference.Hash(companion))
            {
                return ("AuthenticationFailed", []);
            }

            lower = companion;
        }
        else if (lower.Length > 1023)
        {
            return ("AuthenticationFailed", []);
        }

        byte[]? target = OpenText(sivKey, "symlink", lower);
        return target is null || target.Contains((byte)0) ? ("AuthenticationFailed", []) : ("Ok", target);
    }

    /// <summary>FORMAT.md section 5: an attribute's name, given its value too; then the value.</summary>
    internal static (string Status, byte[] Name, byte[] Value) ReadAttribute(string lower, byte[] lowerValue, byte[] sivKey)
    {
        if (!lower.StartsWith("user.", StringComparison.Ordinal))
        {
            return ("PassThrough", Encoding.Latin1.GetBytes(lower), lowerValue);
        }

        if (!lower.StartsWith("user.stackfs.", StringComparison.Ordinal))
        {
            return ("Hidden", [], []);
        }

        string text = lower[13..];
        byte[]? name;
        if (text.Length == 57 && text.EndsWith(".long", StringComparison.Ordinal))
        {
            int length = lowerValue.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(lowerValue);
            if (length is <= 151 or > 266 || lowerValue.Length < 2 + length
                || Reference.Hash(Reference.Text(lowerValue[2..(2 + length)])) != text[..52])
            {
                return ("Hidden", [], []);
            }

            name = Oracle.SivOpen(sivKey, lowerValue[2..(2 + length)], Ascii("xattr name"));
            lowerValue = lowerValue[(2 + length)..];
        }
        else
        {
            name = OpenText(sivKey, "xattr name", text);
        }

        if (name is null || name.Length == 0 || name.Contains((byte)0))
        {
            return ("Hidden", [], []);
        }

        byte[]? value = Oracle.SivOpen(sivKey, lowerValue, Ascii("xattr value"), name);
        byte[] upper = [.. Ascii("user."), .. name];
        return value is null || value.Length == 0 || value[0] != 0
            ? ("AuthenticationFailed", upper, [])
            : ("Ok", upper, value[1..]);
    }

    private static Header Failed(string status) => new(status, 0, [], null);

    private static byte[]? OpenText(byte[] sivKey, string kind, string text)
    {
        byte[]? bytes = Reference.FromText(text);
        return bytes is null || bytes.Length < 17 ? null : Oracle.SivOpen(sivKey, bytes, Ascii(kind));
    }

    private static bool IsName(byte[] name) =>
        name.Length > 0 && !name.Contains((byte)0) && !name.Contains((byte)'/')
        && !name.SequenceEqual("."u8.ToArray()) && !name.SequenceEqual(".."u8.ToArray());

    private static bool IsHashName(string name, string suffix) =>
        name.Length == 52 + suffix.Length && name.EndsWith(suffix, StringComparison.Ordinal)
        && Reference.FromText(name[..52]) is not null;

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    // SLOTS.md, for the types the vectors hold: passphrase slots, and types of the future.
    private static bool IsSlotArea(byte[] area)
    {
        int at = 4;
        long work = 0;
        if (area[0] > 8 || area[1] != 0 || area[2] != 0 || area[3] != 0)
        {
            return false;
        }

        for (int slot = 0; slot < area[0]; slot++)
        {
            if (at + 4 > area.Length)
            {
                return false;
            }

            int type = area[at];
            int length = BinaryPrimitives.ReadUInt16LittleEndian(area.AsSpan(at + 2));
            byte reserved = area[at + 1];
            at += 4;
            if (reserved != 0 || type == 0 || at + length > area.Length
                || (type == 1 ? length != 96 || area[at + 3] != 0 : length > 2048))
            {
                return false;
            }

            if (type == 1)
            {
                int logN = area[at];
                long r = area[at + 1];
                long p = area[at + 2];
                if (logN is 0 or > 30 || r is 0 or > 64 || p is 0 or > 64
                    || 128 * r * ((1L << logN) + p) > (1L << 30) + (1 << 20))
                {
                    return false;
                }

                work += (1L << logN) * r * p;
            }

            at += length;
        }

        return work <= 1 << 24 && area[at..].All(b => b == 0);
    }
}
