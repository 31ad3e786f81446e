using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/evp.h, message authentication codes.</summary>
internal static unsafe partial class LibCrypto
{
    private static readonly nint Hmac = RequireObject(EVP_MAC_fetch(0, "HMAC", null), nameof(EVP_MAC_fetch));

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint EVP_MAC_fetch(nint libraryContext, string algorithm, string? properties);

    [LibraryImport(Library)]
    private static partial nint EVP_MAC_CTX_new(nint mac);

    [LibraryImport(Library)]
    private static partial void EVP_MAC_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_MAC_init(nint context, byte* key, nuint keyLength, Param* parameters);

    [LibraryImport(Library)]
    private static partial int EVP_MAC_update(nint context, byte* data, nuint length);

    [LibraryImport(Library)]
    private static partial int EVP_MAC_final(nint context, byte* mac, nuint* written, nuint length);

    /// <summary>HMAC-SHA-256 (RFC 2104) into 32 bytes.</summary>
    internal static void HmacSha256(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        nint context = RequireObject(EVP_MAC_CTX_new(Hmac), nameof(EVP_MAC_CTX_new));
        try
        {
            ReadOnlySpan<byte> digestName = "SHA256"u8;
            fixed (byte* k = key, d = data, m = mac, digestKey = "digest"u8, digest = digestName)
            {
                Param* parameters = stackalloc Param[2];
                parameters[0] = Param.Text(digestKey, digest, digestName.Length);
                parameters[1] = default;
                nuint written;
                Require(EVP_MAC_init(context, k, (nuint)key.Length, parameters), nameof(EVP_MAC_init));
                Require(EVP_MAC_update(context, d, (nuint)data.Length), nameof(EVP_MAC_update));
                Require(EVP_MAC_final(context, m, &written, (nuint)mac.Length), nameof(EVP_MAC_final));
            }
        }
        finally
        {
            EVP_MAC_CTX_free(context);
        }
    }
}
