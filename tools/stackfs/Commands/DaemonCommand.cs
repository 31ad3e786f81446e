using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using StackFs.Cli.Interop;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring;
using StackFs.Keyring.Client;
using StackFs.Keyring.Daemon;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;

namespace StackFs.Cli.Commands;

/// <summary>
/// <c>stackfs-keyringd</c>: the keyring daemon, in the foreground. <see cref="DaemonLauncher"/> starts it with
/// <c>--on-demand FD</c>, a pipe for its word.
/// </summary>
internal static class DaemonCommand
{
    /// <summary>The name that this executable acts as the daemon by.</summary>
    public const string Name = "stackfs-keyringd";

    /// <summary>For <see cref="DaemonLauncher"/>: the next argument is the descriptor that awaits the daemon's word.</summary>
    public const string OnDemand = "--on-demand";

    /// <summary>A daemon that nobody started by hand ends when it held no key for so long.</summary>
    private static readonly TimeSpan UnusedTime = TimeSpan.FromMinutes(1);

    /// <summary>How long another daemon may take to leave, or to begin to answer.</summary>
    private static readonly TimeSpan TakeOverTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan TakeOverPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Serves until it is told to end.</summary>
    public static ExitCode Run(string[] arguments)
    {
        if (arguments is [OnDemand, string number] && int.TryParse(number, CultureInfo.InvariantCulture, out int fd) && fd > 2)
        {
            using SafeFd word = new(fd);
            return RunOnDemand(word);
        }

        RootCommand root = new("Holds the keys of StackFs volumes for one user, and lends them to mounts.");
        root.SetAction(_ => (int)RunByHand());
        return CommandLine.Invoke(root, arguments);
    }

    private static ExitCode RunByHand()
    {
        RuntimeSettings.Ensure(RuntimeSettings.ForDaemon);
        Harden();
        string directory = RequiredDirectory();
        using KeyringDaemon daemon = Open(directory) ?? throw new CommandException(
            ExitCode.Exists, $"{KeyringPaths.SocketIn(directory)}: a keyring daemon runs there already");
        daemon.LeavesAfter = daemon.IsActivated ? UnusedTime : null;
        return Serve(daemon);
    }

    private static ExitCode RunOnDemand(SafeFd word)
    {
        try
        {
            RuntimeSettings.Ensure(RuntimeSettings.ForDaemon);
            Harden();

            // The service manager that may have started our caller is none of ours.
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
            using KeyringDaemon? daemon = OpenOrFind(RequiredDirectory());
            if (daemon is not null)
            {
                daemon.LeavesAfter = UnusedTime;
                _ = Posix.NewSession(); // EPERM: the caller has given us a session of our own already.
                Check(Descriptors.LetGoOfStandardStreams(), "/dev/null");
            }

            Say(word, ExitCode.Success, string.Empty);
            return daemon is null ? ExitCode.Success : Serve(daemon);
        }
        catch (CommandException error)
        {
            Say(word, error.Code, error.Message);
            return error.Code;
        }
    }

    private static ExitCode Serve(KeyringDaemon daemon)
    {
        Directory.SetCurrentDirectory("/");
        Descriptors.CloseInherited();
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM, daemon);
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT, daemon);
        using PosixSignalRegistration hangUp = StopOn(PosixSignal.SIGHUP, daemon);
        daemon.Run();
        return ExitCode.Success;
    }

    /// <summary>A daemon that is ours, or null where another answers already.</summary>
    private static KeyringDaemon? OpenOrFind(string directory)
    {
        long deadline = Environment.TickCount64 + (long)TakeOverTime.TotalMilliseconds;
        while (true)
        {
            if (Open(directory) is { } daemon)
            {
                return daemon;
            }

            if (KeyringClient.Connect(KeyringPaths.SocketIn(directory), out KeyringClient? client) == Errno.None)
            {
                client!.Dispose();
                return null;
            }

            if (Environment.TickCount64 >= deadline)
            {
                throw KeyringService.Failed($"{directory}: another keyring daemon is there and does not answer");
            }

            Thread.Sleep(TakeOverPause); // It has the lock and no socket: it begins, or it leaves.
        }
    }

    /// <summary>Null when a daemon has the directory's lock.</summary>
    private static KeyringDaemon? Open(string directory)
    {
        Errno errno = KeyringDaemon.Open(directory, out KeyringDaemon? daemon);
        return errno switch
        {
            Errno.None or Errno.EALREADY => daemon,
            Errno.EPERM => throw new CommandException(
                ExitCode.NotPermitted, $"{directory}: belongs to another user, or others may use it; it must be your own, with mode 700"),
            _ => throw new CommandException(ExitCode.KeyringFailed, $"{directory}: {ErrnoText.Of(errno)}"),
        };
    }

    private static string RequiredDirectory() => Path.GetDirectoryName(KeyringService.Socket)!;

    private static void Harden() => Check(ProcessHardening.Apply(), "this process cannot be kept from core dumps");

    private static void Check(Errno errno, string what)
    {
        if (errno != Errno.None)
        {
            throw new CommandException(ExitCode.KeyringFailed, $"{what}: {ErrnoText.Of(errno)}");
        }
    }

    private static void Say(SafeFd word, ExitCode code, string message)
    {
        using (FileStream stream = new(
            new Microsoft.Win32.SafeHandles.SafeFileHandle(word.Number, ownsHandle: false), FileAccess.Write, bufferSize: 0))
        {
            try
            {
                stream.Write(DaemonLauncher.Word(code, message));
            }
            catch (IOException)
            {
                // Who started us has left: the daemon serves whoever comes next.
            }
        }

        word.Dispose();
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, KeyringDaemon daemon) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            daemon.Stop();
        });
}
