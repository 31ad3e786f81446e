using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/kdf.h and openssl/evp.h, key derivation.</summary>
internal static unsafe partial class LibCrypto
{
    // Bytes of SHA-256.
    private const int HashLength = 32;

    [LibraryImport(Library)]
    private static partial int EVP_PBE_scrypt(
        byte* password, nuint passwordLength, byte* salt, nuint saltLength, ulong n, ulong r, ulong p, ulong maxMemory,
        byte* key, nuint keyLength);

    /// <summary>
    /// HKDF extract and expand with SHA-256 (RFC 5869, 2.2 and 2.3), of OpenSSL's HMAC: its own HKDF looks algorithms up by
    /// name for each step, which costs more than the hashing, and opening a file takes two keys.
    /// </summary>
    internal static void HkdfSha256(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> output)
    {
        Span<byte> pseudoRandomKey = stackalloc byte[HashLength];
        Span<byte> block = stackalloc byte[HashLength];
        HmacContext hmac = HmacContext.OfThread;
        try
        {
            hmac.Start(salt);
            hmac.Add(key);
            hmac.Finish(pseudoRandomKey);
            byte counter = 0;
            for (int done = 0; done < output.Length; done += HashLength)
            {
                hmac.Start(pseudoRandomKey);
                if (counter > 0)
                {
                    hmac.Add(block);
                }

                hmac.Add(info);
                counter++;
                hmac.Add(new ReadOnlySpan<byte>(in counter));
                hmac.Finish(block);
                block[..Math.Min(HashLength, output.Length - done)].CopyTo(output[done..]);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pseudoRandomKey);
            CryptographicOperations.ZeroMemory(block);
            hmac.Wipe();
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
