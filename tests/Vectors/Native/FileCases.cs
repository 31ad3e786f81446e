using static StackFs.Tests.Vectors.Native.VectorKeys;

namespace StackFs.Tests.Vectors.Native;

/// <summary>
/// Whole lower files: what <c>stat</c> tells (or <c>unsealed</c>), what opening establishes, what each extent comes to,
/// whether the file is intact, and the digest of its content where all of it reads.
/// </summary>
internal static class FileCases
{
    internal const string Kind = "files";

    private static readonly byte[] Full = Filler("file", 4064);

    internal static IEnumerable<Vector> All()
    {
        yield return Good("never-written", [], "0", 0, "", intact: true, []);
        yield return Good("truncated-to-zero", Header(), "0", 0, "", intact: true, []);
        yield return Good("one-byte", Sealed(1, Header(), Extent(0, Full[..1], 1)), "1", 1, "Ok", true, Full[..1]);
        yield return Good("one-extent", Sealed(4064, Header(), Extent(0, Full, 1)), "4064", 4064, "Ok", true, Full);
        yield return Good(
            "one-extent-and-a-byte", Sealed(1, Header(), Extent(0, Full), Extent(1, Full[..1], 1)),
            "4065", 4065, "Ok Ok", true, [.. Full, .. Full[..1]]);
        yield return Good(
            "hole", Sealed(64, Header(flags: 1), Extent(0, Full), new byte[4096], Extent(2, Full[..64], 1)),
            "8192", 8192, "Ok Hole Ok", true, [.. Full, .. new byte[4064], .. Full[..64]]);
        yield return Good(
            "hole-first", Sealed(64, Header(flags: 1), new byte[4096], Extent(1, Full[..64], 1)),
            "4128", 4128, "Hole Ok", true, [.. new byte[4064], .. Full[..64]]);
        yield return Good(
            "short-in-the-middle", Sealed(9, Header(), Extent(0, Full[..10]), Extent(1, Full[..9], 1)),
            "4073", 4073, "Ok Ok", true, [.. Full[..10], .. new byte[4054], .. Full[..9]]);
        yield return Good(
            "final-in-the-middle", Sealed(9, Header(), Extent(0, Full, 1), Extent(1, Full[..9], 1)),
            "4073", 4073, "Ok Ok", true, [.. Full, .. Full[..9]]);
        yield return Good(
            "two-epochs", Sealed(5, Header(nextFek: NextFek), Extent(0, Full), Extent(1, Full[..5], 3, NextFek)),
            "4069", 4069, "Ok Ok", true, [.. Full, .. Full[..5]]);
        yield return Good(
            "re-encrypted", Sealed(5, Header(flags: 2), Extent(0, Full[..5], 3)), "5", 5, "Ok", true, Full[..5]);

        // What a crash leaves: readable, and noticed.
        yield return Good(
            "not-sealed", [.. Header(), .. Extent(0, Full), .. Extent(1, Full[..70], 1)],
            "unsealed", 4134, "Ok Ok", true, [.. Full, .. Full[..70]]);
        yield return Good(
            "hint-too-small", Sealed(10, Header(), Extent(0, Full[..700], 1)), "10", 700, "Ok", false, Full[..700]);
        yield return Good(
            "hint-too-large", Sealed(900, Header(), Extent(0, Full[..700], 1)), "900", 700, "Ok", false, Full[..700]);
        yield return Good(
            "cut-within-a-page", [.. Header(), .. Extent(0, Full[..700], 1), .. Extent(1, Full, 1)[..1000]],
            "1000", 700, "Ok", false, Full[..700]);
        yield return Good(
            "zeros-at-the-end", [.. Header(), .. Extent(0, Full[..700], 1), .. new byte[3 * 4096]],
            "unsealed", 700, "Ok", true, Full[..700]);
        yield return Good("only-zeros-behind", [.. Header(), .. new byte[2 * 4096]], "unsealed", 0, "", true, []);
        yield return Good(
            "cut-back-to-an-extent", Sealed(4064, Header(), Extent(0, Full)), "4064", 4064, "Ok", false, Full);
        yield return Good("torn-first-write", Header()[..600], "unsealed", 0, "", false, [], "Empty");
        yield return Good("zeros-only", new byte[3 * 4096], "unsealed", 0, "", false, [], "Empty");

        yield return Bad(
            "hole-not-allowed", Sealed(64, Header(), Extent(0, Full), new byte[4096], Extent(2, Full[..64], 1)),
            "8192", 8192, "Ok Hole Ok");
        yield return Bad(
            "last-extent-changed", Sealed(70, Header(), Extent(0, Full), Flip(Extent(1, Full[..70], 1), 100)),
            "4134", 4134, "Ok AuthenticationFailed");
        yield return Bad(
            "last-extent-changed-not-sealed", [.. Header(), .. Extent(0, Full), .. Flip(Extent(1, Full[..70], 1), 100)],
            "unsealed", 8128, "Ok AuthenticationFailed");
        yield return Bad(
            "middle-extent-changed",
            Sealed(70, Header(), Extent(0, Full), Flip(Extent(1, Full), 100), Extent(2, Full[..70], 1)),
            "8198", 8198, "Ok AuthenticationFailed Ok");
        yield return Bad(
            "extents-exchanged", Sealed(4064, Header(), Extent(1, Full), Extent(0, Full, 1)),
            "8128", 8128, "AuthenticationFailed AuthenticationFailed");
        yield return Bad(
            "extent-of-another-file", Sealed(5, Header(), Extent(0, Full, 0, NextFek), Extent(1, Full[..5], 1)),
            "4069", 4069, "AuthenticationFailed Ok");
        yield return Bad(
            "epoch-without-key", Sealed(5, Header(), Extent(0, Full, 2), Extent(1, Full[..5], 1)),
            "4069", 4069, "NoSuchKey Ok");
        yield return Bad(
            "count-too-large", Sealed(5, Header(), Extent(0, Full, count: 4065), Extent(1, Full[..5], 1)),
            "4069", 4069, "Malformed Ok");

        yield return Refused("header-erased", "Erased", Sealed(5, new byte[4096], Extent(0, Full[..5], 1)));
        yield return Refused("header-erased-not-sealed", "Erased", [.. new byte[8192], .. Extent(1, Full, 1)]);
        yield return Refused("header-changed", "AuthenticationFailed", Sealed(5, Flip(Header(), 11), Extent(0, Full[..5], 1)));
        yield return Refused("header-of-another-volume", "OtherVolume", Sealed(5, Flip(Header(), 32), Extent(0, Full[..5], 1)));
        yield return Refused("not-ours", "NotStackFs", "#!/bin/sh\n"u8.ToArray());
        yield return Refused("later-version", "UnknownVersion", Sealed(5, Put(Header(), 7, 2), Extent(0, Full[..5], 1)));
    }

    // Pages, then the hole that says how much of the last extent is valid.
    private static byte[] Sealed(int last, params byte[][] pages) => [.. pages.SelectMany(p => p), .. new byte[last]];

    private static Vector Good(
        string name, byte[] lower, string stat, long size, string extents, bool intact, byte[] content,
        string header = "Ok") =>
        Opened(name, lower, stat, size, extents, intact, lower.Length == 0 ? "Empty" : header)
            .With("sha256", Reference.Sha256(content));

    private static Vector Bad(string name, byte[] lower, string stat, long size, string extents) =>
        Opened(name, lower, stat, size, extents, intact: extents.IndexOf("Hole", StringComparison.Ordinal) < 0
            && !extents.EndsWith("Failed", StringComparison.Ordinal), "Ok");

    private static Vector Opened(
        string name, byte[] lower, string stat, long size, string extents, bool intact, string header) =>
        Refused(name, header, lower).With("stat", stat).With("size", size)
            .With("extents", extents).With("intact", intact ? "yes" : "no");

    private static Vector Refused(string name, string header, byte[] lower) =>
        new Vector(name) { Body = lower }.With("header", header).With("volume-key", VolumeKey);
}
