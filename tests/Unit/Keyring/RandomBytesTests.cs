using StackFs.Keyring.Crypto;

namespace StackFs.Tests.Unit.Keyring;

public sealed class RandomBytesTests
{
    [Fact]
    public void NoncesOfAllThreadsDiffer()
    {
        const int PerThread = 5000;
        HashSet<string> seen = [];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            List<string> mine = [];
            byte[] nonce = new byte[12];
            for (int i = 0; i < PerThread; i++)
            {
                RandomBytes.FillNonce(nonce);
                mine.Add(Convert.ToHexString(nonce));
            }

            lock (seen)
            {
                seen.UnionWith(mine);
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.Equal(4 * PerThread, seen.Count);
    }

    [Fact]
    public void EveryByteOfALargeFillIsReached()
    {
        byte[] all = new byte[100_000];
        RandomBytes.Fill(all);
        // 64 zero bytes in a row by chance: 2^-512.
        Assert.Equal(-1, all.AsSpan().IndexOf(new byte[64]));
        RandomBytes.Fill([]);
    }

    [Fact]
    public void NoncesHaveTwelveBytes() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RandomBytes.FillNonce(new byte[16]));
}
