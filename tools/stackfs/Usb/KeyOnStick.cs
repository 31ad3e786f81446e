using System.Globalization;
using System.Text;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;

namespace StackFs.Cli.Usb;

/// <summary>
/// The key file on a stick, which whoever had the stick may have replaced by anything: it is opened beneath the stick's
/// top without following a link, must be an ordinary file, and a short one.
/// </summary>
internal static class KeyOnStick
{
    private const ulong LongestFile = 64 * 1024;

    /// <summary>Reads the key that opens slots.</summary>
    /// <param name="top">The stick's top directory.</param>
    /// <param name="file">The path on it.</param>
    /// <param name="pem">A private key, else a passphrase file.</param>
    /// <returns>The key, which the caller disposes.</returns>
    /// <exception cref="CommandException">It is not there, or cannot be one.</exception>
    public static IKeySource Read(SafeFd top, string file, bool pem) => With(top, file, path => KeyReader.ForOpening(Spec(path, pem), path));

    /// <summary>Reads the key that makes slots.</summary>
    /// <inheritdoc cref="Read"/>
    public static ISlotMaker ReadForSlot(SafeFd top, string file, bool pem) =>
        With(top, file, path => KeyReader.ForNewSlot(Spec(path, pem), path));

    /// <summary>Whether something of that name is there.</summary>
    public static bool Exists(SafeFd top, string file)
    {
        Errno errno = Libc.OpenBeneath(top, Encoding.UTF8.GetBytes(file), OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoFollow, 0, out SafeFd? found);
        found?.Dispose();
        return errno switch
        {
            Errno.None => true,
            Errno.ENOENT => false,
            _ => throw Unreadable(file, errno),
        };
    }

    /// <summary>The directory that the file is in, as a path that leads nowhere else.</summary>
    /// <param name="top">The stick's top directory.</param>
    /// <param name="file">The path on it.</param>
    /// <param name="parent">The directory, which the caller disposes after the path was used.</param>
    public static string PathForWriting(SafeFd top, string file, out SafeFd parent)
    {
        string directory = Path.GetDirectoryName(file) is { Length: > 0 } named ? named : ".";
        Errno errno = Libc.OpenBeneath(
            top, Encoding.UTF8.GetBytes(directory), OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, 0, out SafeFd? opened);
        parent = opened ?? throw Unreadable(directory, errno);
        return Path.Combine(DescriptorPath(parent), Path.GetFileName(file));
    }

    private static T With<T>(SafeFd top, string file, Func<string, T> read)
    {
        Errno errno = Libc.OpenBeneath(
            top,
            Encoding.UTF8.GetBytes(file),
            OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoControllingTerminal | OpenFlags.NoFollow,
            0,
            out SafeFd? opened);
        using (opened)
        {
            errno = errno == Errno.None ? Libc.Statx(opened!, [], out StatxBuffer status) : None(errno, out status);
            if (errno != Errno.None)
            {
                throw Unreadable(file, errno);
            }

            if ((status.Mode & ModeBits.TypeMask) != ModeBits.Regular)
            {
                throw new CommandException(ExitCode.Failure, $"the key file {file} on the stick is not an ordinary file");
            }

            if (status.Size > LongestFile)
            {
                throw new CommandException(ExitCode.Failure, $"the key file {file} on the stick is longer than any key's file");
            }

            string path = DescriptorPath(opened!);
            try
            {
                // Modes on a stick keep nobody out who has the stick.
                return Messages.WithoutWarnings(() => read(path));
            }
            catch (CommandException error)
            {
                string message = error.Message.Replace(path, $"the key file {file} on the stick", StringComparison.Ordinal);
                throw new CommandException(error.Code, message, error.Hints);
            }
        }
    }

    private static KeySpec Spec(string path, bool pem) => pem
        ? new KeySpec.Pem(path, new SecretInput.Prompt())
        : new KeySpec.Passphrase(new SecretInput.FromFile(path));

    private static string DescriptorPath(SafeFd fd) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd.Number}");

    private static Errno None(Errno errno, out StatxBuffer status)
    {
        status = default;
        return errno;
    }

    private static CommandException Unreadable(string file, Errno errno) => new(
        errno is Errno.ENOENT or Errno.ENOTDIR ? ExitCode.NotFound : ExitCode.Failure,
        errno switch
        {
            Errno.ENOENT or Errno.ENOTDIR => $"there is no key file {file} on the stick",
            Errno.ELOOP or Errno.EXDEV => $"the key file {file} on the stick is a symbolic link, or lies behind one",
            _ => $"the key file {file} on the stick cannot be read: {ErrnoText.Of(errno)}",
        });
}
