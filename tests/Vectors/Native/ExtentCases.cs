using static StackFs.Tests.Vectors.Native.VectorKeys;

namespace StackFs.Tests.Vectors.Native;

/// <summary>Extent pages.</summary>
internal static class ExtentCases
{
    internal const string Kind = "extents";

    internal static IEnumerable<Vector> All()
    {
        byte[] full = Filler("extent", 4064);
        yield return Good("full", 0, full, 0);
        yield return Good("full-final", 7, full, 1);
        yield return Good("one-byte-final", 3, full[..1], 1);
        yield return Good("4063-final", 3, full[..4063], 1);
        yield return Good("short-not-final", 3, full[..100], 0);
        yield return Good("zeros", 3, new byte[4064], 0);
        yield return Good("past-4-gib", 1_056_833, full, 0);
        yield return Good("index-2-31", 1L << 31, full, 0);
        yield return Good("index-2-32", 1L << 32, full, 0);
        yield return Good("index-greatest", (1L << 51) - 3, full[..64], 1);
        yield return Case("padding-not-zero", "Ok", 1, Extent(1, full[..100], padding: full[..50]))
            .With("count", 100).With("flags", 0).With("plaintext", full[..100]);
        yield return Good("epoch-next", 1, full, 2, NextFek).With("next-fek", NextFek);
        yield return Good("epoch-current-beside-next", 1, full, 0).With("next-fek", NextFek);
        yield return Good("epoch-current-set", 1, full, 2).With("header-epoch", 1);
        yield return Good("epoch-next-clear", 1, full, 0, NextFek).With("header-epoch", 1).With("next-fek", NextFek);

        yield return Case("hole", "Hole", 1, new byte[4096]);
        yield return Case("hole-but-one-bit", "Malformed", 1, Put(new byte[4096], 4095, 1));
        yield return Case("count-0", "Malformed", 1, Extent(1, full, count: 0));
        yield return Case("count-4065", "Malformed", 1, Extent(1, full, count: 4065));
        yield return Case("count-65535", "Malformed", 1, Extent(1, full, count: 65535));
        yield return Case("flag-2", "Malformed", 1, Extent(1, full, flags: 4));
        yield return Case("flag-15", "Malformed", 1, Extent(1, full, flags: 0x8000));
        yield return Case("epoch-without-key", "NoSuchKey", 1, Extent(1, full, flags: 2));
        yield return Case("epoch-clear-without-key", "NoSuchKey", 1, Extent(1, full)).With("header-epoch", 1);
        yield return Case("nonce-bit", "AuthenticationFailed", 1, Flip(Extent(1, full), 0));
        yield return Case("count-changed", "AuthenticationFailed", 1, Put(Extent(1, full), 12, 100, 0));
        yield return Case("final-set", "AuthenticationFailed", 1, Flip(Extent(1, full), 14));
        yield return Case("final-cleared", "AuthenticationFailed", 1, Flip(Extent(1, full, flags: 1), 14));
        yield return Case("epoch-set", "AuthenticationFailed", 1, Flip(Extent(1, full), 14, 2)).With("next-fek", NextFek);
        yield return Case("ciphertext-first-bit", "AuthenticationFailed", 1, Flip(Extent(1, full), 16));
        yield return Case("ciphertext-last-bit", "AuthenticationFailed", 1, Flip(Extent(1, full), 4079, 0x80));
        yield return Case("padding-bit", "AuthenticationFailed", 1, Flip(Extent(1, full[..100]), 3000));
        yield return Case("tag-bit", "AuthenticationFailed", 1, Flip(Extent(1, full), 4095));
        yield return Case("moved", "AuthenticationFailed", 2, Extent(1, full));
        yield return Case("moved-by-2-32", "AuthenticationFailed", 1 + (1L << 32), Extent(1, full));
        yield return Case("of-another-file", "AuthenticationFailed", 1, Extent(1, full, fek: NextFek));
        yield return Case("torn", "AuthenticationFailed", 1, [.. Extent(1, full)[..2048], .. Extent(1, full, flags: 1)[2048..]]);
    }

    private static Vector Good(string name, long index, byte[] plaintext, int flags, byte[]? fek = null) =>
        Case(name, "Ok", index, Extent(index, plaintext, flags, fek))
            .With("count", plaintext.Length).With("flags", flags).With("plaintext", plaintext);

    private static Vector Case(string name, string expected, long index, byte[] page) =>
        new Vector(name) { Body = page }.With("expect", expected).With("fek", Fek).With("index", index);
}
