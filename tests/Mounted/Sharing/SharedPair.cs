using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Sharing;

/// <summary>One lower directory mounted twice.</summary>
internal sealed class SharedPair : IDisposable
{
    public SharedPair(string options, string? parent = null)
    {
        First = TestMount.Create(options, parent);
        Second = First.Beside(options);
    }

    public TestMount First { get; }

    public TestMount Second { get; }

    public string[] Uppers => [First.Upper, Second.Upper];

    public void Dispose()
    {
        Second.Dispose();
        First.Dispose();
    }
}
