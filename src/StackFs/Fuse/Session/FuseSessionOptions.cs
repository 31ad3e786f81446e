using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>A bug met while handling a request, which was answered EIO.</summary>
/// <param name="Opcode">What was asked.</param>
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
    /// <summary>Threads that handle requests, at most <see cref="MostWorkers"/>; chosen by the number of cores when null.</summary>
    public int? Workers { get; init; }

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

    /// <summary>Upper bound of <see cref="Workers"/>.</summary>
    public const int MostWorkers = 64;
}
