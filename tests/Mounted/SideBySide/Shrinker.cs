namespace StackFs.Tests.Mounted.SideBySide;

/// <summary>Makes a failing sequence short: removes runs of it, halves first, as long as what is left still fails.</summary>
internal static class Shrinker
{
    public static Operation[] Shrink(Operation[] failing, Func<Operation[], bool> fails, TimeSpan limit)
    {
        DateTime end = DateTime.UtcNow + limit;
        Operation[] best = failing;
        for (int chunk = best.Length / 2; chunk >= 1; chunk = chunk == 1 ? 0 : chunk / 2)
        {
            bool removed;
            do
            {
                removed = false;
                for (int at = best.Length - chunk; at >= 0 && DateTime.UtcNow < end; at -= chunk)
                {
                    Operation[] shorter = [.. best[..at], .. best[(at + chunk)..]];
                    if (fails(shorter))
                    {
                        best = shorter;
                        removed = true;
                        at = Math.Min(at, best.Length);
                    }
                }
            }
            while (removed && chunk == 1 && DateTime.UtcNow < end);
        }

        return best;
    }
}
