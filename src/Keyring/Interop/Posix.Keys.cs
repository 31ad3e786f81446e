using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>add_key(2) and keyctl(2), which glibc does not wrap.</summary>
internal static unsafe partial class Posix
{
    private const int UserKeyring = -4; // KEY_SPEC_USER_KEYRING
    private const int KeyctlSearch = 10;
    private const int KeyctlRead = 11;

    private static int AddKeyNumber => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 217 : 248;

    private static int KeyctlNumber => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 219 : 250;

    private static ReadOnlySpan<byte> UserType => "user\0"u8;

    /// <summary>add_key(2) of type <c>user</c> into the user keyring.</summary>
    /// <param name="description">The key's name, with its NUL.</param>
    /// <param name="payload">What it holds.</param>
    internal static Errno AddUserKey(ReadOnlySpan<byte> description, ReadOnlySpan<byte> payload)
    {
        fixed (byte* type = UserType, name = description, data = payload)
        {
            nint result = key_syscall(AddKeyNumber, (nint)type, (nint)name, (nint)data, payload.Length, UserKeyring);
            return result < 0 ? LastError() : Errno.None;
        }
    }

    /// <summary>Searches the user keyring for a key of type <c>user</c> and reads it.</summary>
    /// <param name="description">The key's name, with its NUL.</param>
    /// <param name="payload">Receives as much as fits.</param>
    /// <param name="length">The key's whole length.</param>
    /// <returns>ENOKEY; EACCES.</returns>
    internal static Errno ReadUserKey(ReadOnlySpan<byte> description, Span<byte> payload, out int length)
    {
        length = 0;
        fixed (byte* type = UserType, name = description, data = payload)
        {
            nint id = key_syscall(KeyctlNumber, KeyctlSearch, UserKeyring, (nint)type, (nint)name, 0);
            if (id < 0)
            {
                return LastError();
            }

            nint result = key_syscall(KeyctlNumber, KeyctlRead, id, (nint)data, payload.Length, 0);
            length = (int)Math.Max(result, 0);
            return result < 0 ? LastError() : Errno.None;
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint key_syscall(nint number, nint a, nint b, nint c, nint d, nint e);
}
