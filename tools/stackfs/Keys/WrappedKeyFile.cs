using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Cli.Keys;

/// <summary>A <c>wrapped-passphrase</c> file, read and opened with words for people.</summary>
internal static class WrappedKeyFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="CommandException">It is not there, or no such file.</exception>
    public static WrappedPassphrase Read(string path)
    {
        byte[] content;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] room = new byte[WrappedPassphrase.MaxSize + 1];
            content = room[..file.ReadAtLeast(room, room.Length, throwOnEndOfStream: false)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                error is FileNotFoundException or DirectoryNotFoundException ? ExitCode.NotFound : ExitCode.Failure,
                $"{path}: the wrapped passphrase cannot be read: {error.Message}");
        }

        return WrappedPassphrase.TryParse(content, out WrappedPassphrase? wrapped) switch
        {
            WrappedPassphraseStatus.Ok => wrapped!,
            WrappedPassphraseStatus.UnknownVersion =>
                throw new CommandException(ExitCode.Damaged, $"{path}: a later version than 2 of the wrapped-passphrase file"),
            _ => throw new CommandException(ExitCode.Damaged, $"{path}: not a wrapped-passphrase file"),
        };
    }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="wrapped">What was read of it.</param>
    /// <param name="login">The wrapping passphrase; stays the caller's.</param>
    /// <returns>The mount passphrase, which the caller disposes.</returns>
    /// <exception cref="CommandException">The passphrase is another.</exception>
    public static SecretBuffer Unwrap(string path, WrappedPassphrase wrapped, SecretBuffer login) =>
        wrapped.Unwrap(login, out SecretBuffer? mount) switch
        {
            WrappedPassphraseStatus.Ok => mount!,
            WrappedPassphraseStatus.WrongPassphrase => throw new CommandException(
                ExitCode.KeyWrong, $"{path}: that passphrase does not open it", "it is the login passphrase of its owner, as it was when it was wrapped"),
            _ => throw new CommandException(ExitCode.Damaged, $"{path}: is damaged: what it holds is no passphrase"),
        };

    /// <summary>Root rewraps for others; a plain user's own file is theirs anyway, and chown is not for them.</summary>
    private static void KeepOwner(string from, string to)
    {
        if (Libc.OpenPath(Encoding.UTF8.GetBytes(from), OpenFlags.Path, out SafeFd? old) == Errno.None)
        {
            using (old)
            {
                if (Libc.Statx(old!, [], out StatxBuffer status) == Errno.None
                    && Libc.OpenPath(Encoding.UTF8.GetBytes(to), OpenFlags.ReadWrite, out SafeFd? fresh) == Errno.None)
                {
                    using (fresh)
                    {
                        _ = Libc.ChangeOwner(fresh!, [], status.UserId, status.GroupId);
                    }
                }
            }
        }
    }

    /// <summary>Replaces a file, by a temporary one of mode 0600 that is written, synced and renamed.</summary>
    /// <exception cref="CommandException">It cannot be written; the old one is then as it was.</exception>
    public static void Replace(string path, WrappedPassphrase wrapped)
    {
        string temporary = path + ".new";
        try
        {
            FileStreamOptions options = new()
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using (FileStream file = new(temporary, options))
            {
                file.Write(wrapped.ToFile());
                file.Flush(flushToDisk: true);
            }

            KeepOwner(path, temporary);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failure, $"{path}: cannot be replaced: {error.Message}");
        }
    }
}
