using System.Globalization;

namespace StackFs.Tests.Vectors.Native;

/// <summary>
/// What a whole lower file comes to by FORMAT.md sections 2.4 and 2.5. Both decoders read files through this, each with
/// its own way to open a header and an extent.
/// </summary>
/// <param name="Header">The header's class.</param>
/// <param name="Size">Established on open.</param>
/// <param name="Extents">Each extent's class, a space between them.</param>
/// <param name="IsIntact">Section 2.5.</param>
/// <param name="Content">The plaintext, or null where part of it does not read.</param>
internal sealed record FileOutcome(string Header, long Size, string Extents, bool IsIntact, byte[]? Content)
{
    /// <summary>Opens extent <c>index</c>, the page given: class, count, whether FINAL, plaintext.</summary>
    internal delegate (string Status, int Count, bool IsFinal, byte[] Plaintext) ExtentReader(long index, byte[] page);

    /// <summary>The size that <c>stat</c> tells, or null.</summary>
    internal static long? SizeFromStat(long lowerSize)
    {
        if (lowerSize is 0 or 4096)
        {
            return 0;
        }

        long last = lowerSize % 4096;
        return lowerSize < 8193 || last is 0 or > 4064 ? null : (((lowerSize / 4096) - 2) * 4064) + last;
    }

    internal static FileOutcome Read(byte[] lower, string header, bool isSparse, ExtentReader open)
    {
        int pages = lower.Length / 4096;
        int lastPage = pages - 1;
        while (lastPage > 0 && Array.TrueForAll(Page(lower, lastPage), b => b == 0))
        {
            lastPage--;
        }

        if (header != "Ok")
        {
            return header == "Empty" && lastPage <= 0
                ? new FileOutcome(header, 0, "", lower.Length == 0, [])
                : new FileOutcome(header == "Empty" ? "Erased" : header, 0, "", false, null);
        }

        long? hint = SizeFromStat(lower.Length);
        if (lastPage == 0)
        {
            return new FileOutcome(header, 0, "", hint is null or 0, []);
        }

        List<string> statuses = [];
        List<byte> content = [];
        bool reads = true;
        bool isIntact = true;
        long size = 0;
        for (int index = 0; index < lastPage; index++)
        {
            (string status, int count, bool isFinal, byte[] plaintext) = open(index, Page(lower, index + 1));
            statuses.Add(status);
            bool isHole = status == "Hole" && isSparse;
            reads &= status == "Ok" || isHole;
            isIntact &= status != "Hole" || isSparse;
            bool isLast = index == lastPage - 1;
            if (!isLast)
            {
                content.AddRange(plaintext.Concat(new byte[4064 - plaintext.Length]));
                continue;
            }

            bool hintIsOfThis = hint is long told && (told + 4063) / 4064 == index + 1;
            size = (index * 4064L) + (status == "Ok" ? count : hintIsOfThis ? hint!.Value - (index * 4064L) : 4064);
            content.AddRange(plaintext);
            isIntact &= isFinal && (hint is null || hint == size);
        }

        return new FileOutcome(header, size, string.Join(' ', statuses), isIntact, reads ? [.. content] : null);
    }

    /// <summary>Compares with what a vector expects.</summary>
    internal void AssertIs(Vector vector)
    {
        Assert.Equal(vector["header"], Header);
        if (vector.Find("size") is not string size)
        {
            Assert.Null(Content);
            return;
        }

        Assert.Equal(vector["stat"], SizeFromStat(vector.Body.Length)?.ToString(CultureInfo.InvariantCulture) ?? "unsealed");
        Assert.Equal(size, Size.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(vector["extents"], Extents);
        Assert.Equal(vector["intact"], IsIntact ? "yes" : "no");
        Assert.Equal(
            vector.Find("sha256"), Content is null ? null : Convert.ToHexStringLower(Reference.Sha256(Content)));
        Assert.True(Content is null || Content.Length == Size);
    }

    private static byte[] Page(byte[] lower, int page) => lower[(page * 4096)..((page + 1) * 4096)];
}
