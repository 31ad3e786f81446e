using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/kdf.h and openssl/evp.h, key derivation.</summary>
internal static unsafe partial class LibCrypto
{
    private static readonly nint Hkdf = RequireObject(EVP_KDF_fetch(0, "HKDF", null), nameof(EVP_KDF_fetch));

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint EVP_KDF_fetch(nint libraryContext, string algorithm, string? properties);

    [LibraryImport(Library)]
    private static partial nint EVP_KDF_CTX_new(nint kdf);

    [LibraryImport(Library)]
    private static partial void EVP_KDF_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_KDF_derive(nint context, byte* key, nuint keyLength, Param* parameters);

    [LibraryImport(Library)]
    private static partial int EVP_PBE_scrypt(
        byte* password, nuint passwordLength, byte* salt, nuint saltLength, ulong n, ulong r, ulong p, ulong maxMemory,
        byte* key, nuint keyLength);

    /// <summary>HKDF extract and expand with SHA-256 (RFC 5869).</summary>
    internal static void HkdfSha256(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> output)
    {
        nint context = RequireObject(EVP_KDF_CTX_new(Hkdf), nameof(EVP_KDF_CTX_new));
        try
        {
            ReadOnlySpan<byte> digestName = "SHA256"u8;
            fixed (byte* k = key, s = salt, i = info, o = output)
            fixed (byte* digestKey = "digest"u8, keyKey = "key"u8, saltKey = "salt"u8, infoKey = "info"u8)
            fixed (byte* digest = digestName)
            {
                Param* parameters = stackalloc Param[5];
                int count = 0;
                parameters[count++] = Param.Text(digestKey, digest, digestName.Length);
                parameters[count++] = Param.Octets(keyKey, k, key.Length);
                if (!salt.IsEmpty)
                {
                    parameters[count++] = Param.Octets(saltKey, s, salt.Length);
                }

                if (!info.IsEmpty)
                {
                    parameters[count++] = Param.Octets(infoKey, i, info.Length);
                }

                parameters[count] = default;
                Require(EVP_KDF_derive(context, o, (nuint)output.Length, parameters), nameof(EVP_KDF_derive));
            }
        }
        finally
        {
            EVP_KDF_CTX_free(context);
        }
    }

    /// <summary>scrypt (RFC 7914). The caller has bounded the cost; memory is 128·r·(n + p) bytes and a little.</summary>
    internal static void Scrypt(
        ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, ulong n, uint r, uint p, ulong maxMemory, Span<byte> output)
    {
        byte nothing = 0;
        fixed (byte* k = password, s = salt, o = output)
        {
            // A null password asks OpenSSL to check the parameters only.
            Require(
                EVP_PBE_scrypt(
                    k is null ? &nothing : k, (nuint)password.Length, s is null ? &nothing : s, (nuint)salt.Length,
                    n, r, p, maxMemory, o, (nuint)output.Length),
                nameof(EVP_PBE_scrypt));
        }
    }
}
