using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/evp.h, digests.</summary>
internal static unsafe partial class LibCrypto
{
    [LibraryImport(Library)]
    private static partial nint EVP_sha256();

    [LibraryImport(Library)]
    private static partial int EVP_Digest(
        byte* data, nuint length, byte* digest, uint* digestLength, nint type, nint engine);

    /// <summary>SHA-256 (FIPS 180-4) into 32 bytes.</summary>
    internal static void Sha256(ReadOnlySpan<byte> data, Span<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(digest.Length, 32, nameof(digest));
        fixed (byte* d = data, o = digest)
        {
            Require(EVP_Digest(d, (nuint)data.Length, o, null, EVP_sha256(), 0), nameof(EVP_Digest));
        }
    }
}
