using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/evp.h, block modes whose length is whole blocks.</summary>
internal static unsafe partial class LibCrypto
{
    [LibraryImport(Library)]
    private static partial int EVP_CIPHER_CTX_set_padding(nint context, int padding);

    /// <summary>Turns padding off: from here on only whole blocks go in and as many come out.</summary>
    internal static void DisablePadding(CipherContext context) =>
        Require(EVP_CIPHER_CTX_set_padding(context.Pointer, 0), nameof(EVP_CIPHER_CTX_set_padding));
}
