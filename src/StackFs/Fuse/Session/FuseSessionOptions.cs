using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>A bug met while handling a request, which was answered EIO.</summary>
/// <param name="Opcode">What was asked; zero when a further worker could not be made.</param>
/// <param name="Unique">The request's number.</param>
/// <param name="Exception">What was thrown; null when the handler returned without a reply, or the kernel rejected it.</param>
internal readonly record struct FuseFault(FuseOpcode Opcode, ulong Unique, Exception? Exception);

/// <summary>Sees each request after its handler, before its reply is sent.</summary>
/// <param name="request">The request.</param>
/// <param name="error">What it is answered with.</param>
/// <param name="replyLength">Bytes of the reply, header included; zero when there is none.</param>
internal delegate void RequestTracer(in FuseRequest request, Errno error, int replyLength);

/// <summary>How a session works.</summary>
internal sealed record FuseSessionOptions
{
    /// <summary>Upper bound of <see cref="Workers"/>.</summary>
    public const int MostWorkers = 64;

    /// <summary>
    /// Threads that handle requests. When null, two to four by the number of cores, and more, up to
    /// <see cref="GrownWorkers"/>, once slow requests (a lower directory on the network, fsync) keep all of them busy.
    /// Over io_uring two for each processor, and one for the device.
    /// </summary>
    public int? Workers { get; init; }

    /// <summary>
    /// How far the number of threads grows by itself; over io_uring, by how many it grows.
    /// </summary>
    public const int GrownWorkers = 16;

    /// <summary>How requests come, as far as the kernel lets us choose.</summary>
    public FuseCarrier Carrier { get; init; }

    /// <summary>
    /// Bytes that the kernel reads ahead, where we may set it (root); otherwise it is the kernel's 128 KiB at most.
    /// </summary>
    public int Readahead { get; init; } = 512 << 10;

    /// <summary>Called once, when the mount answers: on the thread that runs the session.</summary>
    public Action? Ready { get; init; }

    /// <summary>Called for each bug, on the worker's thread; logs it.</summary>
    public Action<FuseFault>? Fault { get; init; }

    /// <summary>Called for each request, on the worker's thread.</summary>
    public RequestTracer? Trace { get; init; }

    /// <summary>
    /// A bug ends the process at once instead of being answered EIO. Set for tests by the environment variable
    /// <c>STACKFS_ABORT_ON_BUG=1</c>.
    /// </summary>
    public bool AbortOnBug { get; init; } = Environment.GetEnvironmentVariable("STACKFS_ABORT_ON_BUG") == "1";
}
