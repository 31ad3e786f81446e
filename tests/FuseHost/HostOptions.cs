using StackFs.Fuse;

namespace StackFs.Tests.FuseHost;

/// <summary>The host's command line: <c>MOUNTPOINT [OPTION]...</c>.</summary>
internal sealed record HostOptions
{
    public required string MountPoint { get; init; }

    public bool Writeback { get; init; }

    public bool DirectIo { get; init; }

    public bool AllowOther { get; init; }

    public bool ReadOnly { get; init; }

    public int? Workers { get; init; }

    public FuseCarrier Carrier { get; init; } = FuseCarrier.Device;

    /// <summary>How long the kernel may keep names and attributes.</summary>
    public ulong ValidSeconds { get; init; } = 1;

    /// <summary>How long SIGTERM waits for who uses the mount.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    public static HostOptions Parse(string[] arguments)
    {
        var options = new HostOptions { MountPoint = arguments[0] };
        foreach (string argument in arguments.Skip(1))
        {
            string[] parts = argument.Split('=');
            options = parts[0] switch
            {
                "--writeback" => options with { Writeback = true },
                "--direct-io" => options with { DirectIo = true },
                "--allow-other" => options with { AllowOther = true },
                "--read-only" => options with { ReadOnly = true },
                "--workers" => options with { Workers = int.Parse(parts[1], null) },
                "--carrier" => options with { Carrier = Enum.Parse<FuseCarrier>(parts[1]) },
                "--valid" => options with { ValidSeconds = ulong.Parse(parts[1], null) },
                "--grace-ms" => options with { Grace = TimeSpan.FromMilliseconds(int.Parse(parts[1], null)) },
                _ => throw new ArgumentException($"unknown option {argument}"),
            };
        }

        return options;
    }
}
