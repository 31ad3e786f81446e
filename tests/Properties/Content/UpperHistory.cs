using StackFs.Content;

namespace StackFs.Tests.Properties.Content;

/// <summary>
/// What the upper file held after each operation, and so what a reader may find after a crash (FORMAT.md 2.4 to 2.6, the
/// invariant): what was synced is there and right; what was not is old, new or missing; EIO and zeros stand only where
/// something is or was missing since the last sync.
/// </summary>
internal sealed class UpperHistory
{
    private readonly List<byte[]> _since = [[]];

    /// <summary>What the file holds now.</summary>
    public byte[] Now => _since[^1];

    /// <summary>An operation began that leads to this content.</summary>
    public void Becomes(byte[] content) => _since.Add(content);

    /// <summary>What the file holds now is durable.</summary>
    public void Synced() => _since.RemoveRange(0, _since.Count - 1);

    /// <summary>Says what is wrong with a file found after a crash, or null.</summary>
    /// <param name="found">Its content; null in an extent stands for EIO.</param>
    /// <param name="size">Its size.</param>
    public string? Judge(byte[]?[] found, long size)
    {
        int longest = _since.Max(c => c.Length);
        if (size > longest && RoundUp(size) > RoundUp(longest))
        {
            return $"the file has {size} bytes and never had more than {longest}";
        }

        for (long at = size; at < longest; at++)
        {
            if (_since.TrueForAll(c => at < c.Length))
            {
                return $"byte {at} was synced and is lost: the file ends at {size}";
            }
        }

        for (int index = 0; index < found.Length; index++)
        {
            if (JudgeExtent(index, found[index], size) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    private static long RoundUp(long size) => ExtentLayout.CountOf(size);

    private string? JudgeExtent(int index, byte[]? content, long size)
    {
        int start = (int)ExtentLayout.UpperStart(index);
        int count = ExtentLayout.ValidBytes(index, size);
        if (content is not null && _since.Exists(c => c.Length >= start + count
            && c.AsSpan(start, count).SequenceEqual(content.AsSpan(0, count))))
        {
            return null;
        }

        for (int i = 0; i < count; i++)
        {
            int at = start + i;
            bool missing = _since.Exists(c => at >= c.Length);
            if (content is null)
            {
                if (!missing)
                {
                    return $"byte {at} was synced, or overwrote what was, and answers EIO";
                }
            }
            else if (!(missing && content[i] == 0) && !_since.Exists(c => at < c.Length && c[at] == content[i]))
            {
                return $"byte {at} is {content[i]}, which it never was";
            }
        }

        return null;
    }
}
