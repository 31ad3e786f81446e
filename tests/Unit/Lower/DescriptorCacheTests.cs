using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Tests.Unit.Lower;

public class DescriptorCacheTests
{
    [Fact]
    public void The_bound_holds_and_what_was_used_last_stays()
    {
        using DescriptorCache cache = new(4);
        CachedDescriptor used = Add(cache);
        List<CachedDescriptor> others = [.. Enumerable.Range(0, 20).Select(_ =>
        {
            Assert.True(used.TryPin());
            used.Unpin();
            return Add(cache);
        })];

        Assert.Equal(4, cache.Count);
        Assert.True(used.TryPin());
        used.Unpin();
        Assert.Equal(3, others.Count(other => !other.Fd.IsClosed));
    }

    [Fact]
    public void A_pinned_descriptor_is_never_closed()
    {
        using DescriptorCache cache = new(2);
        CachedDescriptor first = Add(cache);
        CachedDescriptor second = Add(cache);
        Assert.True(first.TryPin());
        Assert.True(second.TryPin());

        CachedDescriptor third = Open();
        Assert.False(cache.Add(third));
        third.CloseWhenUnpinned();
        Assert.False(third.Fd.IsClosed);
        third.Unpin();

        Assert.True(third.Fd.IsClosed);
        Assert.False(first.Fd.IsClosed);
        first.Unpin();
        second.Unpin();
    }

    [Fact]
    public void A_closed_descriptor_cannot_be_pinned()
    {
        using DescriptorCache cache = new(2);
        CachedDescriptor descriptor = Add(cache);
        cache.Remove(descriptor);
        Assert.True(descriptor.Fd.IsClosed);
        Assert.False(descriptor.TryPin());
        Assert.Equal(0, cache.Count);
        cache.Remove(descriptor);
        Assert.Equal(0, cache.Count);
    }

    [Theory]
    [InlineData(20_000, 2048)]
    [InlineData(1024, 128)]
    [InlineData(0, 16)]
    [InlineData(long.MaxValue, 2048)]
    public void Directories_take_a_share_of_the_limit(long limit, int capacity) =>
        Assert.Equal(capacity, DescriptorCache.CapacityFor(limit));

    [Fact]
    public async Task Threads_that_pin_and_evict_never_meet_a_closed_descriptor()
    {
        using DescriptorCache cache = new(2);
        CachedDescriptor?[] shared = new CachedDescriptor?[4];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < 2000; i++)
            {
                int slot = random.Next(shared.Length);
                CachedDescriptor? descriptor = Volatile.Read(ref shared[slot]);
                if (descriptor is null || !descriptor.TryPin())
                {
                    descriptor = Open();
                    if (cache.Add(descriptor))
                    {
                        Volatile.Write(ref shared[slot], descriptor);
                    }
                    else
                    {
                        descriptor.CloseWhenUnpinned();
                    }
                }

                Assert.Equal(Errno.None, Libc.Statx(descriptor.Fd, default, out StatxBuffer status));
                descriptor.Unpin();
            }
        })));
        Assert.True(cache.Count <= 2);
    }

    private static CachedDescriptor Add(DescriptorCache cache)
    {
        CachedDescriptor descriptor = Open();
        Assert.True(cache.Add(descriptor));
        descriptor.Unpin();
        return descriptor;
    }

    private static CachedDescriptor Open()
    {
        Assert.Equal(Errno.None, Libc.OpenPath("/"u8, OpenFlags.Path, out SafeFd? fd));
        return new CachedDescriptor(fd!);
    }
}
