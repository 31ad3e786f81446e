using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Harness;

/// <summary>What this machine offers to mounted tests; a reason instead of null means that the test is skipped.</summary>
internal static class Capability
{
    public static string? MissingForMount { get; } =
        Target.Current == Target.Bare ? null :
        !File.Exists("/dev/fuse") ? "/dev/fuse is missing (modprobe fuse)" :
        !Sys.IsRoot ? "mounted tests run as root (sudo)" :
        Target.Current.Missing;

    public static string? MissingForLong { get; } =
        MissingForMount ?? (Environment.GetEnvironmentVariable("STACKFS_LONG") == "1" ? null : "long test: set STACKFS_LONG=1");

    /// <summary>Needs what only a StackFs mount has: its lower format, its errors.</summary>
    public static string? MissingForStackFs { get; } =
        MissingForMount ?? (Target.Current == Target.StackFs ? null : "tests the lower format of StackFs");
}

/// <summary>A test that mounts; skipped with the reason where it cannot.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountedFactAttribute : FactAttribute
{
    public MountedFactAttribute() => Skip = Capability.MissingForMount;
}

/// <summary>As <see cref="MountedFactAttribute"/>, for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountedTheoryAttribute : TheoryAttribute
{
    public MountedTheoryAttribute() => Skip = Capability.MissingForMount;
}

/// <summary>A test of what StackFs stores or reports, not of any filesystem.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StackFsFactAttribute : FactAttribute
{
    public StackFsFactAttribute() => Skip = Capability.MissingForStackFs;
}

/// <summary>As <see cref="StackFsFactAttribute"/>, for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StackFsTheoryAttribute : TheoryAttribute
{
    public StackFsTheoryAttribute() => Skip = Capability.MissingForStackFs;
}

/// <summary>A test of minutes, run when STACKFS_LONG=1.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute() => Skip = Capability.MissingForLong;
}
