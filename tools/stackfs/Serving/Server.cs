using System.Runtime.InteropServices;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Content.Ecryptfs;
using StackFs.Fuse;
using StackFs.Keyring;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;
using StackFs.Mounting;

namespace StackFs.Cli.Serving;

/// <summary>Serves one mount in this process, from the key to the last sealed file.</summary>
internal static class Server
{
    /// <summary>How long a stop waits for who uses the mount before it ends without them.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    /// <summary>Does everything short of mounting, as <c>mount -f</c> asks.</summary>
    public static ExitCode Check(MountRequest request)
    {
        Harden();
        using ServerLog log = new();
        using OpenedVolume opened = Open(request, log);
        return ExitCode.Success;
    }

    /// <summary>Serves until the mount is gone.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="mounted">Called once, when the mount answers.</param>
    /// <exception cref="CommandException">It could not be mounted; nothing is left behind.</exception>
    public static ExitCode Run(MountRequest request, Action mounted)
    {
        Harden();
        using ServerLog log = new();
        using OpenedVolume opened = Open(request, log);

        // A serving process must not keep the caller's directory busy.
        Directory.SetCurrentDirectory("/");
        using FuseMount mount = Mount(request, opened.Options);
        MountReport report = new(request, opened, mount, log);
        StatusServer? status = null;
        FuseSessionOptions sessionOptions = new()
        {
            Workers = opened.Options.Threads,
            Carrier = opened.Options.Carrier,
            Fault = fault => log.Write(
                $"bug: {fault.Opcode} request {fault.Unique} failed: {fault.Exception?.ToString() ?? "no reply"}"),
            Ready = () =>
            {
                status = StartStatus(report, mount, log);
                (opened.Volume?.Lease as KeyringLease)?.Start();
                mounted();
                if (!request.Foreground)
                {
                    log.Detach();
                }
            },
        };

        using FuseSession session = new(mount, opened.Filesystem, sessionOptions);
        report.Session = session;
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM, session);
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT, session);
        using PosixSignalRegistration hangUp = StopOn(PosixSignal.SIGHUP, session);
        try
        {
            session.Run();
            return ExitCode.Success;
        }
        catch (FuseMountException error)
        {
            log.Write(error.Message);
            return ExitCode.Failure;
        }
        finally
        {
            status?.Dispose();
        }
    }

    private static void Harden()
    {
        Errno errno = ProcessHardening.Apply();
        if (errno != Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"this process cannot be kept from core dumps: {ErrnoText.Of(errno)}");
        }
    }

    private static OpenedVolume Open(MountRequest request, ServerLog log)
    {
        if (!MountOptions.TryParse(request.Options, request.Sloppy, out MountOptions? options, out string? problem))
        {
            throw new CommandException(ExitCode.Usage, problem!, "every option: docs/options.md");
        }

        foreach (string ignored in options!.Ignored)
        {
            Messages.Warning($"unknown option {ignored} is ignored");
        }

        return options.Ecryptfs is null ? OpenNative(request, options, log) : OpenEcryptfs(request, options, log);
    }

    private static OpenedVolume OpenEcryptfs(MountRequest request, MountOptions options, ServerLog log)
    {
        EcryptfsVolume keys = EcryptfsOpener.Open(request.Lower, options.Ecryptfs!, options.Keys, options.TrustsNew);
        SafeFd root = VolumeOpener.OpenLowerRoot(request.Lower);
        Errno errno = StackFsFilesystem.Open(request.Lower, keys, options, log.Write, out StackFsFilesystem? filesystem);
        if (errno == Errno.None)
        {
            return new OpenedVolume(options, null, root, filesystem!);
        }

        root.Dispose();
        throw Unusable(request.Lower, errno);
    }

    private static OpenedVolume OpenNative(MountRequest request, MountOptions options, ServerLog log)
    {
        LeaseRelay relay = new();
        Volume volume = options.UsesKeyring
            ? KeyringMount.Open(request.Lower, request.Mountpoint, options.Keys, options.Signature, options.TrustsNew, relay)
            : VolumeOpener.Open(request.Lower, options.Keys, options.Signature, options.TrustsNew);
        EcryptfsVolume? legacy = OpenLegacy(request.Lower, volume, options);
        Errno errno = StackFsFilesystem.Open(
            request.Lower, volume, legacy, options, log.Write, out StackFsFilesystem? filesystem);
        if (errno == Errno.None)
        {
            relay.Mount = filesystem!.LeaseHolder;
            return new OpenedVolume(options, volume, VolumeOpener.OpenLowerRoot(request.Lower), filesystem!);
        }

        volume.Dispose();
        throw Unusable(request.Lower, errno);
    }

    /// <summary>The keys of eCryptfs files beside native ones, where they are asked for; the volume is disposed on failure.</summary>
    private static EcryptfsVolume? OpenLegacy(string lower, Volume volume, MountOptions options)
    {
        try
        {
            return options.Legacy is { } legacy ? EcryptfsOpener.OpenBeside(lower, legacy, options.TrustsNew) : null;
        }
        catch
        {
            volume.Dispose();
            throw;
        }
    }

    private static CommandException Unusable(string lower, Errno errno) => errno switch
    {
        Errno.EBUSY => InUse(lower),
        Errno.EACCES or Errno.EPERM => new(ExitCode.NotPermitted, $"{lower}: cannot be used as a lower directory: {ErrnoText.Of(errno)}"),
        _ => new(ExitCode.Failure, $"{lower}: cannot be used as a lower directory: {ErrnoText.Of(errno)}"),
    };

    private static CommandException InUse(string lower)
    {
        OurMount? other = OurMount.All().LastOrDefault(m => m.Lower == lower)
            ?? OurMount.All().LastOrDefault(m => m.Lower.StartsWith(lower + "/", StringComparison.Ordinal)
                || lower.StartsWith(m.Lower + "/", StringComparison.Ordinal));
        string where = other is null ? "" : other.Lower == lower ? $", at {other.Mountpoint}" : $", with {other.Lower} at {other.Mountpoint}";
        return new CommandException(
            ExitCode.Busy,
            $"{lower}: another mount writes to this lower directory{where}",
            "two that do not know of each other would lose what the other writes",
            "unmount it, or mount this one with -o ro, or both with -o shared");
    }

    private static FuseMount Mount(MountRequest request, MountOptions options)
    {
        try
        {
            return FuseMount.Create(new FuseMountOptions
            {
                Source = request.Lower,
                MountPoint = request.Mountpoint,
                Flags = options.VfsFlags,
                AllowOther = options.AllowOther,
            });
        }
        catch (FuseMountException error)
        {
            throw new CommandException(ExitCode.MountFailed, error.Message);
        }
    }

    /// <summary>The socket for status; a mount without it works, so a failure is told and no more.</summary>
    private static StatusServer? StartStatus(MountReport report, FuseMount mount, ServerLog log)
    {
        if (RuntimeDirectory.Own() is not string directory)
        {
            return null;
        }

        try
        {
            RuntimeDirectory.Create(directory);
            return new StatusServer(RuntimeDirectory.SocketPath(directory, $"0:{mount.Connection}"), report.Answer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            log.Write($"{directory}: 'stackfs status' will not hear from this mount: {error.Message}");
            return null;
        }
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, FuseSession session) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            session.Stop(StopGrace);
        });
}
