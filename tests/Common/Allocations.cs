namespace StackFs.Tests.Common;

/// <summary>Measures what code allocates on the managed heap.</summary>
internal static class Allocations
{
    private const int Rounds = 5;

    /// <summary>
    /// Bytes that <paramref name="work"/> allocates on this thread: the least of several rounds, the first of which warm
    /// it up. The least, because a collection that another test causes meanwhile counts the unused rest of this
    /// thread's allocation buffer, up to 8 KiB, as allocated.
    /// </summary>
    public static long Of(Action work)
    {
        long least = long.MaxValue;
        for (int round = 0; round < Rounds && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
