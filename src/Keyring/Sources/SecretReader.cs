using System.Diagnostics.CodeAnalysis;
using System.Text;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;

namespace StackFs.Keyring.Sources;

/// <summary>What reading a passphrase came to.</summary>
public enum SecretReadStatus
{
    /// <summary>It was read.</summary>
    Ok = 0,

    /// <summary>The system refused; the error number says why.</summary>
    IoError,

    /// <summary>There is nothing in it.</summary>
    Empty,

    /// <summary>It is longer than a passphrase may be (1,024 bytes; 4 KiB of file).</summary>
    TooLong,

    /// <summary>A file that holds a passphrase alone has one line; this has more.</summary>
    ManyLines,

    /// <summary>The terminal was closed, or end-of-file typed, before a line end.</summary>
    Cancelled,
}

/// <summary>The outcome of reading a passphrase.</summary>
/// <param name="Status">What it came to.</param>
/// <param name="Error">The system's error where the status is IoError.</param>
/// <param name="ReadableByOthers">
/// Whether the file can be read by its group or by everybody: to be warned about.
/// </param>
public readonly record struct SecretReadResult(SecretReadStatus Status, Errno Error, bool ReadableByOthers)
{
    /// <summary>Whether there is a passphrase.</summary>
    public bool IsOk => Status == SecretReadStatus.Ok;
}

/// <summary>
/// Reads passphrases from files and descriptors straight into secret memory: read(2) writes into the locked pages, and
/// no string is ever made.
/// </summary>
public static class SecretReader
{
    private const int LongestFile = 4096;
    private const uint OthersMayRead = 0x24; // 0044

    /// <summary>
    /// Reads a passphrase file: one line that is the passphrase, or lines of which one is <c>passphrase_passwd=…</c> or
    /// <c>passwd=…</c>, as eCryptfs has them. A FIFO or a device is read to its end.
    /// </summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="secret">The passphrase without its line end, which the caller disposes.</param>
    public static SecretReadResult FromFile(string path, out SecretBuffer? secret)
    {
        secret = null;
        Errno error = Posix.OpenForReading(path, out SafeFd fd);
        using (fd)
        {
            if (error != Errno.None)
            {
                return new SecretReadResult(SecretReadStatus.IoError, error, false);
            }

            error = Posix.Status(fd, out Posix.FileStatus status);
            using SecretBuffer content = SecretBuffer.Allocate(LongestFile + 1);
            using SecretBuffer.RevealedSecret bytes = content.UnsafeReveal();
            int length = 0;
            error = error == Errno.None ? Posix.ReadToEnd(fd, bytes.Bytes, out length) : error;
            if (error != Errno.None)
            {
                return new SecretReadResult(SecretReadStatus.IoError, error, false);
            }

            bool exposed = status.IsRegular && (status.Mode & OthersMayRead) != 0;
            SecretReadStatus result = length > LongestFile
                ? SecretReadStatus.TooLong
                : FromContent(bytes.Bytes[..length], out secret);
            return new SecretReadResult(result, Errno.None, exposed);
        }
    }

    /// <summary>
    /// Reads a descriptor up to a line end or its end. What follows the line is not read, so that a second passphrase may
    /// come from the same descriptor; it stays open, marked to be closed in programs that this one starts.
    /// </summary>
    /// <param name="number">The descriptor.</param>
    /// <param name="secret">The passphrase without its line end, which the caller disposes.</param>
    public static SecretReadResult FromDescriptor(int number, out SecretBuffer? secret)
    {
        Errno error = Posix.DuplicatePrivate(number, out SafeFd fd);
        using (fd)
        {
            if (error == Errno.None)
            {
                return ReadLine(fd, out secret, out _);
            }

            secret = null;
            return new SecretReadResult(SecretReadStatus.IoError, error, false);
        }
    }

    /// <summary>The UTF-8 of a text that is a string already; null when it is empty or too long.</summary>
    internal static SecretBuffer? FromText(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        if (length is 0 || length > PassphraseKey.MaximumLength)
        {
            return null;
        }

        SecretBuffer secret = SecretBuffer.Allocate(length);
        secret.Fill(text, static (bytes, source) => Encoding.UTF8.GetBytes(source, bytes));
        return secret;
    }

    /// <summary>Reads one line a byte at a time, so that nothing after it is taken.</summary>
    internal static SecretReadResult ReadLine(SafeFd fd, out SecretBuffer? secret, out bool ended)
    {
        secret = null;
        ended = false;
        using SecretBuffer content = SecretBuffer.Allocate(PassphraseKey.MaximumLength + 2);
        using SecretBuffer.RevealedSecret bytes = content.UnsafeReveal();
        int length = 0;
        while (true)
        {
            if (length == bytes.Bytes.Length)
            {
                return new SecretReadResult(SecretReadStatus.TooLong, Errno.None, false);
            }

            Errno error = Posix.Read(fd, bytes.Bytes.Slice(length, 1), out int count);
            if (error != Errno.None)
            {
                return new SecretReadResult(SecretReadStatus.IoError, error, false);
            }

            ended = count == 0;
            if (ended || bytes.Bytes[length] == (byte)'\n')
            {
                break;
            }

            length++;
        }

        return new SecretReadResult(Take(TrimReturn(bytes.Bytes[..length]), out secret), Errno.None, false);
    }

    private static SecretReadStatus FromContent(ReadOnlySpan<byte> content, out SecretBuffer? secret)
    {
        secret = null;
        if (StartsWithOption(content))
        {
            foreach (Range range in content.Split((byte)'\n'))
            {
                if (TryOption(TrimReturn(content[range]), out ReadOnlySpan<byte> value))
                {
                    return Take(value, out secret);
                }
            }
        }

        if (content.EndsWith("\n"u8))
        {
            content = content[..^1];
        }

        content = TrimReturn(content);
        return content.Contains((byte)'\n') ? SecretReadStatus.ManyLines : Take(content, out secret);
    }

    /// <summary>Whether this is a list of options, which may begin with eCryptfs's others such as a salt.</summary>
    private static bool StartsWithOption(ReadOnlySpan<byte> content) =>
        content.StartsWith("passphrase_"u8) || content.StartsWith("openssl_"u8) || content.StartsWith("passwd="u8);

    private static bool TryOption(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> bare = line.StartsWith("passphrase_"u8) ? line["passphrase_"u8.Length..]
            : line.StartsWith("openssl_"u8) ? line["openssl_"u8.Length..]
            : line;
        bool found = bare.StartsWith("passwd="u8);
        value = found ? bare["passwd="u8.Length..] : default;
        return found;
    }

    private static ReadOnlySpan<byte> TrimReturn(ReadOnlySpan<byte> line) => line.EndsWith("\r"u8) ? line[..^1] : line;

    private static SecretReadStatus Take(ReadOnlySpan<byte> value, out SecretBuffer? secret)
    {
        secret = null;
        if (value.IsEmpty)
        {
            return SecretReadStatus.Empty;
        }

        if (value.Length > PassphraseKey.MaximumLength)
        {
            return SecretReadStatus.TooLong;
        }

        SecretBuffer taken = SecretBuffer.Allocate(value.Length);
        using SecretBuffer.RevealedSecret bytes = taken.UnsafeReveal();
        value.CopyTo(bytes.Bytes);
        secret = taken;
        return SecretReadStatus.Ok;
    }
}
