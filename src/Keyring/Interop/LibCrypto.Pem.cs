using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/pem.h.</summary>
internal static unsafe partial class LibCrypto
{
    private const int MaxPem = 64 * 1024;

    [LibraryImport(Library)]
    private static partial nint BIO_new_mem_buf(byte* buffer, int length);

    [LibraryImport(Library)]
    private static partial int BIO_free(nint bio);

    [LibraryImport(Library)]
    private static partial nint PEM_read_bio_PrivateKey(
        nint bio,
        nint* existing,
        delegate* unmanaged[Cdecl]<byte*, int, int, PemPassphrase*, int> callback,
        PemPassphrase* user);

    /// <summary>
    /// PEM_read_bio_PrivateKey: PKCS#1, SEC 1 or PKCS#8, plain or encrypted, the traditional encrypted form included,
    /// which the class library does not read.
    /// </summary>
    /// <param name="pem">The file's contents, at most 64 KiB.</param>
    /// <param name="passphrase">What opens it, or null; stays the caller's. Nobody is asked on a terminal.</param>
    /// <returns>The key, the caller's to dispose; null when there is none or the passphrase is wrong.</returns>
    internal static SafeEvpPKeyHandle? TryReadPrivateKey(ReadOnlySpan<byte> pem, SecretBuffer? passphrase)
    {
        if (pem.IsEmpty || pem.Length > MaxPem)
        {
            return null;
        }

        nint key;
        fixed (byte* text = pem)
        {
            nint bio = RequireObject(BIO_new_mem_buf(text, pem.Length), nameof(BIO_new_mem_buf));
            try
            {
                key = passphrase is null
                    ? PEM_read_bio_PrivateKey(bio, null, &GivePassphrase, null)
                    : passphrase.Use(bio, static (octets, source) =>
                    {
                        fixed (byte* start = octets)
                        {
                            PemPassphrase given = new() { Start = start, Length = octets.Length };
                            return PEM_read_bio_PrivateKey(source, null, &GivePassphrase, &given);
                        }
                    });
            }
            finally
            {
                _ = BIO_free(bio);
                ForgetErrors();
            }
        }

#pragma warning disable CA1416 // This library runs on Linux only.
        return key == 0 ? null : new SafeEvpPKeyHandle(key, ownsHandle: true);
#pragma warning restore CA1416
    }

    // pem_password_cb(3); -1 is an error.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GivePassphrase(byte* buffer, int size, int writing, PemPassphrase* source)
    {
        if (source == null || source->Length > size)
        {
            return -1;
        }

        new ReadOnlySpan<byte>(source->Start, source->Length).CopyTo(new Span<byte>(buffer, size));
        return source->Length;
    }

    private struct PemPassphrase
    {
        internal byte* Start;
        internal int Length;
    }
}
