using System.Globalization;
using StackFs.Cli.Interop;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Commands;

/// <summary>
/// The process that <see cref="Launcher"/> starts: <c>stackfs serve LOWER MOUNTPOINT REQUEST-FD WORD-FD</c>. The two
/// directories are there for the reader of ps(1); the request says the same.
/// </summary>
internal static class ServeCommand
{
    /// <summary>Reads its request, serves it, and gives its word once the mount is up.</summary>
    public static ExitCode Run(IReadOnlyList<string> arguments)
    {
        if (arguments.Count != 5 || Descriptor(arguments[3]) is not SafeFd requestRead || Descriptor(arguments[4]) is not SafeFd word)
        {
            throw new CommandException(ExitCode.Usage, "serve is for stackfs's own use", "try: stackfs mount --help");
        }

        MountRequest request;
        using (requestRead)
        {
            request = Read(requestRead);
            Messages.CalledAs = request.CalledAs;
        }

        using (word)
        {
            // It may not reach fusermount3, which would hold the caller's pipe open.
            _ = Posix.SetCloseOnExec(word.Number); // Cannot fail on an open descriptor.
            return Server.Run(request, () => LeaveCaller(word));
        }
    }

    /// <summary>
    /// Lets go of the caller's terminal and pipes, then says that the mount is up: whoever waits for the end of the
    /// caller's output gets it as soon as the caller leaves.
    /// </summary>
    private static void LeaveCaller(SafeFd word)
    {
        _ = Posix.NewSession(); // EPERM: the caller has given us a session of our own already.
        Errno errno = Descriptors.LetGoOfStandardStreams();
        if (errno != Errno.None)
        {
            throw new CommandException(ExitCode.Failure, $"/dev/null: {ErrnoText.Of(errno)}");
        }

        using (FileStream stream = Stream(word, FileAccess.Write))
        {
            stream.WriteByte((byte)ExitCode.Success);
        }

        word.Dispose();
    }

    private static MountRequest Read(SafeFd requestRead)
    {
        using FileStream stream = Stream(requestRead, FileAccess.Read);
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return MountRequest.FromBytes(bytes.ToArray()) ??
            throw new CommandException(ExitCode.Usage, "serve is for stackfs's own use", "try: stackfs mount --help");
    }

    private static SafeFd? Descriptor(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int fd) && fd > 2 ? new SafeFd(fd) : null;

    private static FileStream Stream(SafeFd fd, FileAccess access) =>
        new(new Microsoft.Win32.SafeHandles.SafeFileHandle(fd.Number, ownsHandle: false), access, bufferSize: 0);
}
