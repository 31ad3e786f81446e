using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>The INIT request that opens a session, and its answer.</summary>
internal static class Handshake
{
    /// <summary>The protocol these structures mirror.</summary>
    public const uint Major = 7;

    /// <inheritdoc cref="Major"/>
    public const uint Minor = 45;

    /// <summary>The oldest protocol we speak (Linux 5.13): SETXATTR has its present form from there on.</summary>
    public const uint OldestMinor = 33;

    // FUSE_MIN_READ_BUFFER is 8192; less than a page of data a request helps nobody.
    private const int SmallestTransfer = 4096;

    /// <summary>Bytes of INIT up to protocol 7.35; <c>flags2</c> and what is behind it came with 7.36.</summary>
    private const int ShortInitLength = 16;

    /// <summary>What has requests that are answered by another thread later, which an io_uring entry cannot wait for.</summary>
    private const InitFlags LateAnswers = InitFlags.PosixLocks | InitFlags.FlockLocks;

    private enum Outcome
    {
        Agreed,
        TryAgain,
        Refused,
    }

    /// <summary>Reads INIT from <paramref name="channel"/> and answers it with what the filesystem wants.</summary>
    /// <param name="channel">The device's.</param>
    /// <param name="filesystem">What is served.</param>
    /// <param name="prepareRings">
    /// Called where the kernel offers io_uring: true when rings are ready, so that it is agreed on.
    /// </param>
    /// <returns>False when the mount went away before.</returns>
    /// <exception cref="FuseMountException">The kernel's protocol is not ours; the kernel was told.</exception>
    public static bool Run(FuseChannel channel, IFuseFilesystem filesystem, Func<bool>? prepareRings = null)
    {
        while (true)
        {
            Errno error = channel.Receive(out ReadOnlySpan<byte> message);
            if (error is Errno.ENODEV or Errno.ECONNABORTED)
            {
                return false;
            }

            if (error == Errno.EINTR)
            {
                continue;
            }

            if (error != Errno.None)
            {
                throw new FuseMountException(error, $"reading /dev/fuse failed: {error}");
            }

            if (!FuseRequest.TryParse(message, out FuseRequest request))
            {
                throw new FuseMountException(Errno.EPROTO, "the kernel sent no FUSE request; is /dev/fuse what it should be?");
            }

            var reply = new ReplyWriter(channel.ReplyBuffer);
            Outcome outcome = Answer(in request, filesystem, prepareRings, ref reply, out string problem);
            error = channel.Send(reply.Finish(request.Header.Unique));
            switch (outcome)
            {
                case Outcome.Agreed when error == Errno.None:
                    return true;

                case Outcome.Agreed when error is Errno.ENODEV or Errno.ECONNABORTED or Errno.ENOENT:
                    return false;

                case Outcome.TryAgain when error == Errno.None:
                    continue;

                case Outcome.Refused:
                    throw new FuseMountException(Errno.EPROTO, problem);

                default:
                    throw new FuseMountException(error, $"the kernel rejected the answer to INIT: {error}");
            }
        }
    }

    /// <summary>The answer to an offer, with the flags that belong to our sizes added and those not offered dropped.</summary>
    internal static FuseInitOut Accept(in KernelOffer offer, FuseInitReply wanted)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted.MaxWrite, FuseLimits.LargestTransfer);
        ArgumentOutOfRangeException.ThrowIfLessThan(wanted.MaxWrite, SmallestTransfer);
        ArgumentOutOfRangeException.ThrowIfNotEqual(wanted.MaxWrite % SmallestTransfer, 0);
        const InitFlags always =
            InitFlags.BigWrites | InitFlags.MaxPages | InitFlags.SetXAttrExt | InitFlags.InitExt | InitFlags.AbortError;
        InitFlags flags = (wanted.Flags | always) & offer.Flags;
        return new FuseInitOut
        {
            Major = Major,
            Minor = Minor,
            MaxReadahead = Math.Min(wanted.MaxReadahead ?? offer.MaxReadahead, offer.MaxReadahead),
            Flags = (uint)((ulong)flags & uint.MaxValue),
            Flags2 = (uint)((ulong)flags >> 32),
            MaxBackground = wanted.MaxBackground,
            CongestionThreshold = wanted.CongestionThreshold,
            MaxWrite = (uint)wanted.MaxWrite,
            MaxPages = (ushort)Math.Max(1, wanted.MaxWrite / Environment.SystemPageSize),
            TimeGranularity = wanted.TimeGranularity,
        };
    }

    private static Outcome Answer(
        in FuseRequest request,
        IFuseFilesystem filesystem,
        Func<bool>? prepareRings,
        ref ReplyWriter reply,
        out string problem)
    {
        problem = string.Empty;
        if (request.Header.Opcode != FuseOpcode.Init || !TryRead(request.Body, out FuseInitIn init))
        {
            problem = "the kernel did not begin with FUSE_INIT";
            reply.Fail(Errno.EPROTO);
            return Outcome.Refused;
        }

        if (init.Major > Major)
        {
            // A newer kernel steps down to the major version that it is told, with another INIT.
            reply.Struct(new FuseInitOut { Major = Major, Minor = Minor });
            return Outcome.TryAgain;
        }

        if (init.Major < Major || init.Minor < OldestMinor)
        {
            problem = string.Create(
                CultureInfo.InvariantCulture,
                $"the kernel speaks FUSE {init.Major}.{init.Minor}, but {Major}.{OldestMinor} (Linux 5.13) or later is needed");
            reply.Fail(Errno.EPROTO);
            return Outcome.Refused;
        }

        var offer = new KernelOffer(init.Minor, FlagsOf(in init), init.MaxReadahead);
        FuseInitReply wanted = filesystem.Negotiate(in offer);
        if (offer.Has(InitFlags.OverIoUring) && (wanted.Flags & LateAnswers) == InitFlags.None && prepareRings?.Invoke() == true)
        {
            wanted = wanted with { Flags = wanted.Flags | InitFlags.OverIoUring };
        }

        reply.Struct(Accept(in offer, wanted));
        return Outcome.Agreed;
    }

    private static InitFlags FlagsOf(in FuseInitIn init)
    {
        var flags = (InitFlags)init.Flags;
        return flags.HasFlag(InitFlags.InitExt) ? flags | (InitFlags)((ulong)init.Flags2 << 32) : flags;
    }

    private static bool TryRead(ReadOnlySpan<byte> body, out FuseInitIn init)
    {
        init = default;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<FuseInitIn>(ref init));
        if (body.Length < ShortInitLength)
        {
            return false;
        }

        body[..Math.Min(body.Length, Unsafe.SizeOf<FuseInitIn>())].CopyTo(bytes);
        return true;
    }
}
