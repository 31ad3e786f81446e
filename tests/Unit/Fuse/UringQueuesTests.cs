using StackFs.Fuse;

namespace StackFs.Tests.Unit.Fuse;

public sealed class UringQueuesTests
{
    [Theory]
    [InlineData("0\n", 1)]
    [InlineData("0-1\n", 2)]
    [InlineData("0-3,8-11\n", 8)]
    [InlineData("0,2,4-5", 4)]
    [InlineData("", 0)]
    [InlineData("0-", 0)]
    [InlineData("3-0", 0)]
    [InlineData("0-1-2", 0)]
    [InlineData("all", 0)]
    public void Processors_are_counted_as_the_kernel_lists_them(string list, int count) =>
        Assert.Equal(count, UringQueues.CountOf(list));
}
