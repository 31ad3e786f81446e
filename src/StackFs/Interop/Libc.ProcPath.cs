namespace StackFs.Interop;

/// <content>Paths of the form /proc/self/fd/N, for calls that take no O_PATH descriptor.</content>
internal static unsafe partial class Libc
{
    private const int ProcPathSize = 32;

    private static ReadOnlySpan<byte> ProcPrefix => "/proc/self/fd/"u8;

    /// <summary>Writes "/proc/self/fd/<paramref name="fd"/>" and a NUL to <paramref name="buffer"/> of <see cref="ProcPathSize"/> bytes.</summary>
    private static void FormatProcPath(int fd, byte* buffer)
    {
        Span<byte> path = new(buffer, ProcPathSize);
        ProcPrefix.CopyTo(path);
        // Cannot fail: 14 bytes of prefix and at most 10 digits.
        _ = fd.TryFormat(path[ProcPrefix.Length..], out int digits);
        path[ProcPrefix.Length + digits] = 0;
    }
}
