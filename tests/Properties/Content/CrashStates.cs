using StackFs.Content;

namespace StackFs.Tests.Properties.Content;

/// <summary>
/// All that a disk may hold when the power goes after some of a lower file's changes: of every page not yet synced any
/// version it had since the last sync, independently of the others, with every length in between.
/// </summary>
/// <remarks>
/// More than a real filesystem can produce, on purpose: it may order page writes, we assume nothing. A page itself is not
/// torn (FORMAT.md section 2).
/// </remarks>
internal sealed class CrashStates(int maxStatesPerMoment, int seed)
{
    private readonly Dictionary<long, byte[]> _durablePages = [];
    private readonly Dictionary<long, List<byte[]?>> _versions = [];
    private readonly HashSet<string> _seen = [];
    private readonly Dictionary<byte[], int> _ids = new(ReferenceEqualityComparer.Instance);
    private readonly List<long> _lengths = [0];
    private readonly Random _random = new(seed);
    private long _durableLength;

    /// <summary>Moments with more possible states than are tried: there a random part of them is.</summary>
    public int Sampled { get; private set; }

    /// <summary>Takes the next change into account.</summary>
    public void Apply(LowerEvent change)
    {
        if (change.IsSync)
        {
            Settle();
            return;
        }

        if (change.Page >= 0)
        {
            if (!_versions.TryGetValue(change.Page, out List<byte[]?>? versions))
            {
                versions = [_durablePages.GetValueOrDefault(change.Page)];
                _versions[change.Page] = versions;
            }

            versions.Add(change.Bytes);
        }

        _lengths.Add(change.Length);
    }

    /// <summary>The states possible now that were not possible a change ago.</summary>
    public IEnumerable<ModelFile> New()
    {
        long[] pages = [.. _versions.Keys.Order()];
        byte[]?[][] choices = [.. pages.Select(p => _versions[p].Distinct(ReferenceEqualityComparer.Instance).Cast<byte[]?>().ToArray())];
        long[] lengths = Lengths();
        long combinations = choices.Aggregate(1L, (product, c) => Math.Min(product * c.Length, 1L << 40));
        long total = combinations * lengths.Length;
        bool sample = total > maxStatesPerMoment;
        Sampled += sample ? 1 : 0;
        long tries = sample ? maxStatesPerMoment : total;
        for (long n = 0; n < tries; n++)
        {
            long state = sample ? _random.NextInt64(total) : n;
            if (Build(pages, choices, lengths[state % lengths.Length], state / lengths.Length) is { } file)
            {
                yield return file;
            }
        }
    }

    private ModelFile? Build(long[] pages, byte[]?[][] choices, long length, long choice)
    {
        Dictionary<long, byte[]> content = new(_durablePages);
        for (int i = 0; i < pages.Length; i++)
        {
            byte[]? bytes = choices[i][choice % choices[i].Length];
            choice /= choices[i].Length;
            _ = content.Remove(pages[i]);
            if (bytes is not null)
            {
                content[pages[i]] = bytes;
            }
        }

        Cut(content, length);
        string key = $"{length}:{string.Join(',', content.OrderBy(p => p.Key).Select(p => $"{p.Key}={IdOf(p.Value)}"))}";
        return _seen.Add(key) ? new ModelFile(length, content) : null;
    }

    private static void Cut(Dictionary<long, byte[]> content, long length)
    {
        long last = length / ExtentLayout.PageSize;
        int kept = (int)(length % ExtentLayout.PageSize);
        foreach (long page in content.Keys.Where(p => p > last || (p == last && kept == 0)).ToList())
        {
            _ = content.Remove(page);
        }

        if (content.TryGetValue(last, out byte[]? bytes) && bytes.AsSpan(kept).ContainsAnyExcept((byte)0))
        {
            byte[] shorter = [.. bytes];
            shorter.AsSpan(kept).Clear();
            content[last] = shorter;
        }
    }

    private int IdOf(byte[] bytes)
    {
        if (!_ids.TryGetValue(bytes, out int id))
        {
            _ids[bytes] = id = _ids.Count;
        }

        return id;
    }

    // Every length that was, and between the least and the greatest every page boundary and the middle of every page.
    private long[] Lengths()
    {
        SortedSet<long> lengths = [.. _lengths];
        long least = lengths.Min;
        long greatest = lengths.Max;
        for (long at = least / ExtentLayout.PageSize * ExtentLayout.PageSize; at < greatest; at += ExtentLayout.PageSize / 2)
        {
            if (at > least)
            {
                _ = lengths.Add(at);
            }
        }

        return [.. lengths];
    }

    private void Settle()
    {
        foreach ((long page, List<byte[]?> versions) in _versions)
        {
            _ = _durablePages.Remove(page);
            if (versions[^1] is { } bytes)
            {
                _durablePages[page] = bytes;
            }
        }

        _durableLength = _lengths[^1];
        _versions.Clear();
        _lengths.Clear();
        _lengths.Add(_durableLength);
        _seen.Clear();
    }
}
