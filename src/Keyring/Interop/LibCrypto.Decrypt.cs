using System.Runtime.InteropServices;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Interop;

/// <summary>
/// openssl/pkcs12.h and openssl/pem.h: decrypting a private key by itself, so that what comes out is in our hands. Left to
/// its decoders, OpenSSL 3.0 frees it without wiping it.
/// </summary>
internal static unsafe partial class LibCrypto
{
    [LibraryImport(Library)]
    private static partial nint d2i_X509_SIG(nint* encrypted, byte** data, nint length);

    [LibraryImport(Library)]
    private static partial void X509_SIG_get0(nint encrypted, nint* algorithm, nint* octets);

    [LibraryImport(Library)]
    private static partial byte* ASN1_STRING_get0_data(nint text);

    [LibraryImport(Library)]
    private static partial int ASN1_STRING_length(nint text);

    [LibraryImport(Library)]
    private static partial byte* PKCS12_pbe_crypt(
        nint algorithm, byte* passphrase, int passphraseLength, byte* input, int inputLength, byte** output, int* outputLength,
        int encrypts);

    [LibraryImport(Library)]
    private static partial void OPENSSL_cleanse(void* memory, nuint length);

    [LibraryImport(Library)]
    private static partial int PEM_get_EVP_CIPHER_INFO(byte* header, CipherInfo* cipher);

    [LibraryImport(Library)]
    private static partial int PEM_do_header(
        CipherInfo* cipher, byte* data, nint* length, delegate* unmanaged[Cdecl]<byte*, int, int, void*, int> callback,
        void* state);

    /// <summary>Decrypts an EncryptedPrivateKeyInfo (RFC 5958 §3); null for a wrong passphrase, or what is none.</summary>
    /// <param name="info">The DER.</param>
    /// <param name="passphrase">In secret memory.</param>
    /// <returns>The PrivateKeyInfo, or noise that has its padding; the caller disposes it.</returns>
    internal static SecretBuffer? TryDecryptInfo(ReadOnlySpan<byte> info, ReadOnlySpan<byte> passphrase)
    {
        fixed (byte* data = info, pass = passphrase)
        {
            byte* at = data;
            nint encrypted = d2i_X509_SIG(null, &at, info.Length);
            if (encrypted == 0)
            {
                ForgetErrors();
                return null;
            }

            nint algorithm;
            nint octets;
            X509_SIG_get0(encrypted, &algorithm, &octets);
            byte* output = null;
            int length = 0;
            byte* done = PKCS12_pbe_crypt(
                algorithm, pass, passphrase.Length, ASN1_STRING_get0_data(octets), ASN1_STRING_length(octets), &output, &length, 0);
            X509_SIG_free(encrypted);
            ForgetErrors();
            if (done == null)
            {
                return null;
            }

            SecretBuffer? plain = length == 0 ? null : SecretBuffer.Allocate(length);
            if (plain is not null)
            {
                using SecretBuffer.RevealedSecret bytes = plain.UnsafeReveal();
                new ReadOnlySpan<byte>(output, length).CopyTo(bytes.Bytes);
            }

            OPENSSL_cleanse(output, (nuint)length);
            CRYPTO_free(output, null, 0);
            return plain;
        }
    }

    /// <summary>Decrypts a key of the old form in place (RFC 1421 §4.6: <c>Proc-Type: 4,ENCRYPTED</c>).</summary>
    /// <param name="header">The PEM block's header lines, NUL-terminated.</param>
    /// <param name="data">The block's bytes, in secret memory.</param>
    /// <param name="passphrase">In secret memory.</param>
    /// <param name="length">Bytes of the key at the beginning of <paramref name="data"/>.</param>
    /// <returns>False for a wrong passphrase, or an algorithm that is not there.</returns>
    internal static bool TryDecryptOld(
        ReadOnlySpan<byte> header, Span<byte> data, ReadOnlySpan<byte> passphrase, out int length)
    {
        fixed (byte* text = header, bytes = data, pass = passphrase)
        {
            PassphraseState state = new() { Passphrase = pass, Length = passphrase.Length };
            CipherInfo cipher = default;
            nint count = data.Length;
            bool done = PEM_get_EVP_CIPHER_INFO(text, &cipher) == 1
                && PEM_do_header(&cipher, bytes, &count, &GivePassphrase, &state) == 1;
            ForgetErrors();
            length = done ? (int)count : 0;
            return done;
        }
    }

    /// <summary><c>EVP_CIPHER_INFO</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CipherInfo
    {
        internal nint Cipher;
        internal ulong FirstOfIv;
        internal ulong LastOfIv;
    }
}
