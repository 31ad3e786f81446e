using Mono.Unix.Native;
using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Transport;

/// <summary>A test that mounts; skipped with the reason where that cannot be.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TransportFactAttribute : FactAttribute
{
    public TransportFactAttribute() => Skip = Missing;

    public static string? Missing { get; } =
        !File.Exists("/dev/fuse") ? "/dev/fuse is missing (modprobe fuse)" :
        !Sys.IsRoot ? "mounted tests run as root (sudo)" :
        null;
}

/// <summary>A test that mounts as a plain user.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PlainUserFactAttribute : FactAttribute
{
    public PlainUserFactAttribute() => Skip = TransportFactAttribute.Missing ??
        (!File.Exists("/usr/bin/fusermount3") ? "fusermount3 is missing (package fuse3)" :
        !File.Exists("/usr/bin/setpriv") ? "setpriv is missing (package util-linux)" :
        Syscall.stat("/dev/fuse", out Stat device) == 0 && !device.st_mode.HasFlag(FilePermissions.S_IWOTH) ?
            "/dev/fuse is for root alone (chmod 666 /dev/fuse, as udev does)" :
        null);
}
