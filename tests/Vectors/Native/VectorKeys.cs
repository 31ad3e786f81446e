using System.Buffers.Binary;
using System.Text;
using StackFs.Tests.Common;

namespace StackFs.Tests.Vectors.Native;

/// <summary>Builds what the frozen cases hold, with keys and nonces that follow from labels.</summary>
internal static class VectorKeys
{
    internal static byte[] VolumeKey { get; } = Key("volume key");

    internal static byte[] NamesKey { get; } = Key("names key");

    internal static byte[] SivKey { get; } = Reference.Hkdf(NamesKey, "names", 64);

    internal static byte[] Fek { get; } = Key("file key");

    internal static byte[] NextFek { get; } = Key("next file key");

    internal static byte[] FileId { get; } = Key("file id")[..16];

    internal static byte[] VolumeKeyId { get; } = Reference.Hkdf(VolumeKey, "id", 16);

    internal static byte[] Key(string label) => Reference.Sha256(Encoding.ASCII.GetBytes("StackFs vector: " + label));

    internal static byte[] Nonce(string label) => Key("nonce of " + label)[..12];

    /// <summary>Plaintext that compresses badly and is the same every time.</summary>
    internal static byte[] Filler(string label, int length)
    {
        byte[] content = new byte[length];
        for (int at = 0; at < length; at += 32)
        {
            byte[] block = Key($"content of {label} at {at}");
            block.AsSpan(0, Math.Min(32, length - at)).CopyTo(content.AsSpan(at));
        }

        return content;
    }

    /// <summary>A passphrase slot in form, with random-looking salt and key.</summary>
    internal static byte[] PassphraseSlot(string label, byte logN = 17, byte r = 8, byte p = 1) =>
        [1, 0, 96, 0, logN, r, p, 0, .. Filler("slot " + label, 92)];

    internal static byte[] SlotArea(params byte[][] slots)
    {
        byte[] area = new byte[3836];
        byte[] start = [(byte)slots.Length, 0, 0, 0, .. slots.SelectMany(s => s)];
        start.CopyTo(area, 0);
        return area;
    }

    /// <summary>A header page, authentic as it stands.</summary>
    internal static byte[] Header(
        byte flags = 0, byte[]? slotArea = null, byte[]? fek = null, byte[]? nextFek = null, byte[]? wrappedNext = null)
    {
        byte[] key = fek ?? Fek;
        byte[] next = wrappedNext ?? (nextFek is null
            ? new byte[60]
            : Reference.Wrap(VolumeKey, Nonce("next FEK"), "next FEK", FileId, nextFek));
        byte[] page =
        [
            .. "StackFs"u8, 1, 0, 16, 1, flags, 0, 0, 0, 0, .. FileId, .. VolumeKeyId,
            .. Reference.Wrap(VolumeKey, Nonce("FEK"), "FEK", FileId, key), .. next,
            .. Reference.Wrap(VolumeKey, Nonce("NK"), "NK", VolumeKeyId, NamesKey),
            .. slotArea ?? SlotArea(PassphraseSlot("one")), .. new byte[32],
        ];
        return Authenticate(page, key);
    }

    /// <summary>The page with the MAC that belongs to it.</summary>
    internal static byte[] Authenticate(byte[] page, byte[]? fek = null) =>
        [.. page[..4064], .. Oracle.Hmac(Reference.Hkdf(fek ?? Fek, "header", 32), page[..4064])];

    /// <summary>An extent page, authentic as it stands, whatever its count and flags.</summary>
    internal static byte[] Extent(
        long index, byte[] plaintext, int flags = 0, byte[]? fek = null, int? count = null, byte[]? padding = null)
    {
        byte[] padded = new byte[4064];
        plaintext.CopyTo(padded, 0);
        padding?.CopyTo(padded, plaintext.Length);
        byte[] meta = new byte[4];
        BinaryPrimitives.WriteUInt16LittleEndian(meta, (ushort)(count ?? plaintext.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(meta.AsSpan(2), (ushort)flags);
        byte[] nonce = Nonce($"extent {index} {flags} {plaintext.Length}");
        byte[] sealedExtent = Oracle.GcmSeal(
            Reference.Hkdf(fek ?? Fek, "extent", 32), nonce, Reference.ExtentAdditionalData(index, meta), padded);
        return [.. nonce, .. meta, .. sealedExtent];
    }

    /// <summary>A copy with one bit the other way.</summary>
    internal static byte[] Flip(byte[] bytes, int offset, byte mask = 1)
    {
        byte[] copy = [.. bytes];
        copy[offset] ^= mask;
        return copy;
    }

    /// <summary>A copy with other bytes in one place.</summary>
    internal static byte[] Put(byte[] bytes, int offset, params byte[] value)
    {
        byte[] copy = [.. bytes];
        value.CopyTo(copy, offset);
        return copy;
    }
}
