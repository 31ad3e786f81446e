using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Reading directories: getdents64(2).</content>
internal static unsafe partial class Libc
{
    private const int SeekSet = 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(SafeFd fd, byte* buffer, nuint size);

    /// <summary>getdents64(2), retried on EINTR. The records are read with <see cref="DirectoryRecords"/>.</summary>
    /// <param name="directory">A directory opened O_RDONLY.</param>
    /// <param name="buffer">Receives whole records.</param>
    /// <param name="length">Bytes of records; 0 at the end.</param>
    internal static Errno ReadDirectory(SafeFd directory, Span<byte> buffer, out int length)
    {
        nint result;
        fixed (byte* pointer = buffer)
        {
            do
            {
                result = getdents64(directory, pointer, (nuint)buffer.Length);
            }
            while (Interrupted(result));
        }

        Errno error = Result(result);
        length = error == Errno.None ? (int)result : 0;
        return error;
    }

    /// <summary>Moves a directory back to its first record, so that it is read as it is now.</summary>
    internal static Errno RewindDirectory(SafeFd directory) => Result((nint)lseek(directory, 0, SeekSet));
}
