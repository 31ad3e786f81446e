namespace StackFs.Tests.Properties.Codecs;

/// <summary>Seeds of random tests: fixed ones, every one that once failed, and a new one each day.</summary>
internal static class Seeds
{
    internal static TheoryData<int> All => [1, 2, (int)(DateTime.UtcNow.Ticks / TimeSpan.TicksPerDay)];
}
