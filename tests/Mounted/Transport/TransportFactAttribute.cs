using System.Reflection;
using Mono.Unix.Native;
using StackFs.Tests.Common;
using Xunit.Sdk;

namespace StackFs.Tests.Mounted.Transport;

/// <summary>A test that mounts; skipped with the reason where that cannot be.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TransportFactAttribute : FactAttribute
{
    public TransportFactAttribute() => Skip = Missing;

    /// <summary>Whether it is skipped where the kernel does not offer io_uring.</summary>
    public bool NeedsIoUring
    {
        get => Skip == MissingForIoUring;
        set => Skip = value ? MissingForIoUring : Missing;
    }

    /// <summary>Why a mount cannot be served over io_uring here, or null.</summary>
    public static string? MissingForIoUring => Missing ?? IoUringMissing;

    /// <summary>How many queues the kernel keeps for a mount.</summary>
    public static int PossibleProcessors =>
        int.Parse(File.ReadAllText("/sys/devices/system/cpu/possible").Trim().Split('-', ',')[^1], null) + 1;

    public static string? Missing { get; } =
        !File.Exists("/dev/fuse") ? "/dev/fuse is missing (modprobe fuse)" :
        !Sys.IsRoot ? "mounted tests run as root (sudo)" :
        null;

    private static string? IoUringMissing { get; } =
        !File.Exists(EnableIoUring) ? "FUSE over io_uring needs Linux 6.14" :
        File.ReadAllText(EnableIoUring).Trim() != "Y" ? $"FUSE over io_uring is off (echo Y > {EnableIoUring})" :
        null;

    private const string EnableIoUring = "/sys/module/fuse/parameters/enable_uring";
}

/// <summary>As <see cref="TransportFactAttribute"/>, for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TransportTheoryAttribute : TheoryAttribute
{
    public TransportTheoryAttribute() => Skip = TransportFactAttribute.Missing;
}

/// <summary>Runs a theory over <c>/dev/fuse</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OnDeviceAttribute : DataAttribute
{
    public const string Carrier = "Device";

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Carrier]];
}

/// <summary>Runs a theory over io_uring too; skipped with the reason where the kernel does not offer it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OnIoUringAttribute : DataAttribute
{
    public const string Carrier = "IoUring";

    public OnIoUringAttribute() => Skip = TransportFactAttribute.MissingForIoUring;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Carrier]];
}

/// <summary>As <see cref="PlainUserFactAttribute"/>, for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PlainUserTheoryAttribute : TheoryAttribute
{
    public PlainUserTheoryAttribute() => Skip = PlainUserFactAttribute.Missing;
}

/// <summary>A test that mounts as a plain user.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PlainUserFactAttribute : FactAttribute
{
    public PlainUserFactAttribute() => Skip = Missing;

    public static string? Missing { get; } = TransportFactAttribute.Missing ??
        (!File.Exists("/usr/bin/fusermount3") ? "fusermount3 is missing (package fuse3)" :
        !File.Exists("/usr/bin/setpriv") ? "setpriv is missing (package util-linux)" :
        Syscall.stat("/dev/fuse", out Stat device) == 0 && !device.st_mode.HasFlag(FilePermissions.S_IWOTH) ?
            "/dev/fuse is for root alone (chmod 666 /dev/fuse, as udev does)" :
        null);
}
