namespace StackFs.Tests.Cli;

/// <summary>What this machine offers; a reason instead of null means that the test is skipped.</summary>
internal static class Machine
{
    /// <summary>The top of the source tree, above the directory that the tests run from.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The executable under test: the one that STACKFS_EXE names, else the one built beside these tests.</summary>
    public static string Executable { get; } =
        Environment.GetEnvironmentVariable("STACKFS_EXE") is { Length: > 0 } named
            ? named
            : Path.Combine(Root, "tools/stackfs/bin", Configuration, "net10.0/stackfs");

    /// <summary>Why a transcript with this need cannot run here.</summary>
    public static string? Missing(string need) => need switch
    {
        "fuse" => File.Exists("/dev/fuse") ? null : "/dev/fuse is missing (modprobe fuse)",
        "root" => Environment.UserName == "root" ? null : "runs as root only",
        "user" => Missing("root") ?? Program("setpriv") ?? Program("fusermount3"),
        "helper" => Missing("root") ?? Program("mount") ?? Program("findmnt"),
        "packages" => Environment.GetEnvironmentVariable("STACKFS_PACKAGES") is { Length: > 0 }
            ? Missing("root") ?? Program("debootstrap") ?? Program("lintian")
            : "builds and installs a package for minutes: tools/test --packages",
        "ext4" or "vfat" => Missing("root") ?? Missing("fuse") ?? Program("losetup") ?? Program($"mkfs.{need}")
            ?? (File.Exists("/dev/loop-control") ? null : "/dev/loop-control is missing (modprobe loop)")
            ?? (File.ReadAllText("/proc/filesystems").Contains($"\t{need}\n", StringComparison.Ordinal)
                ? null : $"this kernel does not have {need} (modprobe {need})"),
        "pam" => Missing("root") ?? Missing("fuse") ?? Program("pamtester"),
        "systemd" => Program("systemd-analyze"),
        "groff" => Program("groff"),
        "openssl" => Program("openssl"),
        "gcore" => Program("gcore"),
        "terminal" => Program("script"),
        _ => throw new ArgumentOutOfRangeException(nameof(need), need, "not a need that is known"),
    };

    private static string Configuration =>
        AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";

    private static string? Program(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(d => File.Exists(Path.Combine(d, name)))
            ? null
            : $"{name} is not installed";

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "StackFs.slnx")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("the tests run inside the source tree");
    }
}
