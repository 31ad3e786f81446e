using System.Runtime.InteropServices;
using System.Text;

namespace StackFs.Tests.FuseHost;

/// <summary>
/// A program that writes to a file through a shared mapping, one number after the other, and keeps count in a file of its
/// own: <c>map FILE COUNT</c>. It runs until SIGBUS ends it; what it had stored by then is for others to check.
/// </summary>
internal static unsafe partial class Mapper
{
    /// <summary>Numbers that fit into FILE; number n stands at place 513 n modulo this: a page on with each.</summary>
    private const int Places = 1 << 16;

    private const int ReadWrite = 2; // O_RDWR
    private const int ProtectReadWrite = 1 | 2; // PROT_READ, PROT_WRITE
    private const int Shared = 1; // MAP_SHARED

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte[] path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, long offset);

    /// <summary>Goes on where the count says.</summary>
    public static int Run(string file, string count)
    {
        long* numbers = Map(file, Places * sizeof(long));
        long* stored = Map(count, sizeof(long));
        for (long n = *stored + 1; ; n++)
        {
            numbers[n * 513 % Places] = n;
            Volatile.Write(ref *stored, n);
            if (n % 64 == 0)
            {
                Thread.Sleep(1);
            }
        }
    }

    private static long* Map(string path, int length)
    {
        int fd = open(Encoding.UTF8.GetBytes(path + '\0'), ReadWrite);
        nint address = fd < 0 ? -1 : mmap(0, (nuint)length, ProtectReadWrite, Shared, fd, 0);
        return address != -1 ? (long*)address : throw new IOException($"{path}: errno {Marshal.GetLastPInvokeError()}");
    }
}
