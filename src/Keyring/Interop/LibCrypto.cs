using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace StackFs.Keyring.Interop;

/// <summary>
/// OpenSSL 3's libcrypto. One partial file per header; a native signature is private and keeps its native name, and
/// the wrapper beside it turns OpenSSL's results into <c>bool</c> or <see cref="CryptographicException"/>.
/// </summary>
internal static unsafe partial class LibCrypto
{
    private const string Library = "libcrypto.so.3";

    // openssl/err.h
    [LibraryImport(Library)]
    private static partial nuint ERR_get_error();

    [LibraryImport(Library)]
    private static partial void ERR_clear_error();

    [LibraryImport(Library)]
    private static partial void ERR_error_string_n(nuint error, byte* buffer, nuint length);

    /// <summary>
    /// An exception with the oldest error on this thread's queue, which is emptied. OpenSSL's error texts name
    /// functions and reasons, never data.
    /// </summary>
    internal static CryptographicException Failure(string function)
    {
        const int TextLength = 256;
        nuint error = ERR_get_error();
        ERR_clear_error();
        if (error == 0)
        {
            return new CryptographicException($"{function} failed");
        }

        byte* text = stackalloc byte[TextLength];
        ERR_error_string_n(error, text, TextLength);
        return new CryptographicException($"{function} failed: {Marshal.PtrToStringUTF8((nint)text)}");
    }

    /// <summary>Empties this thread's error queue after a failure that was expected, such as a tag that does not match.</summary>
    internal static void ForgetErrors() => ERR_clear_error();

    private static void Require(int result, string function)
    {
        if (result <= 0)
        {
            throw Failure(function);
        }
    }

    private static nint RequireObject(nint result, string function) => result != 0 ? result : throw Failure(function);
}
