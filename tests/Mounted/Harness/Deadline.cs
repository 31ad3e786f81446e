using System.Runtime.ExceptionServices;

namespace StackFs.Tests.Mounted.Harness;

/// <summary>
/// Runs a test body on a thread of its own. When it is not done in time the mount's connection is ended, which frees
/// a thread stuck in the kernel, and the test fails.
/// </summary>
internal static class Deadline
{
    public static void Run(TestMount mount, TimeSpan limit, Action body)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                body();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true };
        thread.Start();
        if (!thread.Join(limit))
        {
            string state = mount.Describe();
            mount.Abort();
            thread.Join(TimeSpan.FromSeconds(10));
            throw new TimeoutException($"not done after {limit.TotalSeconds} s; {state}", failure?.SourceException);
        }

        if (failure is not null)
        {
            // What the body left open would keep the mount busy, and that be told instead.
            mount.Abort();
            failure.Throw();
        }
    }
}
