using System.Globalization;
using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// <c>fusermount3</c>, the set-user-ID program of libfuse through which plain users mount and unmount.
/// </summary>
internal static class FuseHelper
{
    private const string Program = "fusermount3";
    private const int StandardError = 2;

    // Where the helper finds its socket: any number above the standard descriptors.
    private const int CommunicationDescriptor = 3;

    // What is kept of the helper's message.
    private const int LongestMessage = 1024;

    /// <summary>Mounts, and receives the device that the helper opened.</summary>
    /// <exception cref="FuseMountException">The helper is missing or refused; with its own words.</exception>
    public static SafeFd Mount(FuseMountOptions options)
    {
        SafeFd ours = OpenPair(out SafeFd theirs);
        using (ours)
        {
            Errno received = Errno.ENODATA;
            SafeFd? device = null;
            string[] arguments = [Program, "-o", MountOptionText.ForHelper(options), "--", options.MountPoint];
            (int exitCode, string message) = Run(arguments, theirs, () => received = Libc.ReceiveDescriptor(ours, out device));
            if (received == Errno.None && device is not null && exitCode == 0)
            {
                return device;
            }

            device?.Dispose();
            throw new FuseMountException(
                Errno.EPERM,
                message.Length > 0
                    ? $"cannot mount on {options.MountPoint}: {message}"
                    : $"cannot mount on {options.MountPoint}: {Program} ended with code {exitCode} and said nothing");
        }
    }

    /// <summary>Unmounts what is on top at <paramref name="mountPoint"/>.</summary>
    /// <param name="mountPoint">Absolute path.</param>
    /// <param name="lazy">Take it out of the tree now, end it when its last user is gone.</param>
    /// <param name="message">The helper's words when it failed.</param>
    /// <returns>Whether the helper says it succeeded.</returns>
    public static bool TryUnmount(string mountPoint, bool lazy, out string message)
    {
        string[] arguments = lazy ? [Program, "-u", "-z", "--", mountPoint] : [Program, "-u", "--", mountPoint];
        (int exitCode, message) = Run(arguments, socket: null, beforeWait: null);
        return exitCode == 0;
    }

    private static (int ExitCode, string Message) Run(string[] arguments, SafeFd? socket, Action? beforeWait)
    {
        SafeFd errors = OpenPair(out SafeFd theirErrors);
        using (errors)
        {
            int pid;
            Errno spawned;
            using (theirErrors)
            using (socket)
            {
                spawned = socket is null
                    ? Libc.Spawn(Program, arguments, [], [(theirErrors, StandardError)], out pid)
                    : Libc.Spawn(
                        Program,
                        arguments,
                        [string.Create(CultureInfo.InvariantCulture, $"_FUSE_COMMFD={CommunicationDescriptor}")],
                        [(theirErrors, StandardError), (socket, CommunicationDescriptor)],
                        out pid);
            }

            if (spawned != Errno.None)
            {
                throw new FuseMountException(
                    spawned,
                    spawned == Errno.ENOENT
                        ? $"{Program} is not installed: install the package fuse3, or mount as root"
                        : $"cannot start {Program}: {spawned}");
            }

            beforeWait?.Invoke();
            string message = ReadMessage(errors);
            Errno waited = Libc.WaitForChild(pid, out int exitCode);
            return waited == Errno.None
                ? (exitCode, message)
                : throw new FuseMountException(waited, $"cannot wait for {Program}: {waited}");
        }
    }

    private static SafeFd OpenPair(out SafeFd theirs)
    {
        Errno error = Libc.SocketPair(out SafeFd? first, out SafeFd? second);
        if (error != Errno.None)
        {
            throw new FuseMountException(error, $"cannot make a socket to talk to {Program}: {error}");
        }

        theirs = second!;
        return first!;
    }

    /// <summary>All the helper wrote until it ended, on one line, without its own name in front.</summary>
    private static string ReadMessage(SafeFd errors)
    {
        byte[] buffer = new byte[LongestMessage];
        int length = 0;
        byte[] overflow = new byte[LongestMessage];
        while (true)
        {
            Span<byte> target = length < buffer.Length ? buffer.AsSpan(length) : overflow;
            Errno error = Libc.ReadOnce(errors, target, out int count);
            if (error == Errno.EINTR)
            {
                continue;
            }

            if (error != Errno.None || count == 0)
            {
                break;
            }

            length = Math.Min(length + count, buffer.Length);
        }

        string text = Encoding.UTF8.GetString(buffer, 0, length).Trim().Replace('\n', ' ');
        return text.StartsWith(Program + ": ", StringComparison.Ordinal) ? text[(Program.Length + 2)..] : text;
    }
}
