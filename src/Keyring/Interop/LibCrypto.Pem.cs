using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/pem.h, openssl/pkcs12.h and openssl/crypto.h: reading and writing keys as PEM.</summary>
internal static unsafe partial class LibCrypto
{
    // Room for several RSA-8192 keys and their temporary numbers; a power of two, as is the smallest block.
    private const nuint SecureHeapLength = 256 * 1024;
    private const nuint SecureHeapBlock = 32;

    private static readonly Lock SecureHeapGate = new();

    [LibraryImport(Library)]
    private static partial int CRYPTO_secure_malloc_init(nuint size, nuint minimumSize);

    [LibraryImport(Library)]
    private static partial int CRYPTO_secure_malloc_initialized();

    [LibraryImport(Library)]
    private static partial void CRYPTO_free(void* memory, byte* file, int line);

    [LibraryImport(Library)]
    private static partial nint BIO_new_mem_buf(byte* data, int length);

    [LibraryImport(Library)]
    private static partial nint BIO_s_secmem();

    [LibraryImport(Library)]
    private static partial nint BIO_new(nint method);

    [LibraryImport(Library)]
    private static partial int BIO_free(nint bio);

    [LibraryImport(Library)]
    private static partial int BIO_read(nint bio, byte* data, int length);

    [LibraryImport(Library)]
    private static partial nuint BIO_ctrl_pending(nint bio);

    [LibraryImport(Library)]
    private static partial nint PEM_read_bio_PrivateKey(
        nint bio, nint* key, delegate* unmanaged[Cdecl]<byte*, int, int, void*, int> callback, void* state);

    [LibraryImport(Library)]
    private static partial nint PEM_read_bio_PUBKEY(
        nint bio, nint* key, delegate* unmanaged[Cdecl]<byte*, int, int, void*, int> callback, void* state);

    [LibraryImport(Library)]
    private static partial nint PEM_read_bio_X509(
        nint bio, nint* certificate, delegate* unmanaged[Cdecl]<byte*, int, int, void*, int> callback, void* state);

    [LibraryImport(Library)]
    private static partial nint X509_get_pubkey(nint certificate);

    [LibraryImport(Library)]
    private static partial void X509_free(nint certificate);

    [LibraryImport(Library)]
    private static partial int i2d_PUBKEY(nint key, byte** output);

    [LibraryImport(Library)]
    private static partial nint d2i_PUBKEY(nint* key, byte** data, nint length);

    [LibraryImport(Library)]
    private static partial nint EVP_PKEY2PKCS8(nint key);

    [LibraryImport(Library)]
    private static partial void PKCS8_PRIV_KEY_INFO_free(nint info);

    [LibraryImport(Library)]
    private static partial nint EVP_aes_256_cbc();

    [LibraryImport(Library)]
    private static partial nint PKCS5_pbe2_set_scrypt(
        nint cipher, byte* salt, int saltLength, byte* iv, ulong n, ulong r, ulong p);

    [LibraryImport(Library)]
    private static partial nint PKCS8_set0_pbe(byte* passphrase, int length, nint info, nint algorithm);

    [LibraryImport(Library)]
    private static partial void X509_SIG_free(nint encrypted);

    [LibraryImport(Library)]
    private static partial int PEM_write_bio_PKCS8(nint bio, nint encrypted);

    [LibraryImport(Library)]
    private static partial int PEM_write_bio_PKCS8_PRIV_KEY_INFO(nint bio, nint info);

    /// <summary>
    /// Sets up the heap in which OpenSSL keeps private numbers: locked, without core dumps, guarded. Once a process.
    /// </summary>
    /// <exception cref="SecretMemoryException">It cannot be locked.</exception>
    internal static void UseSecureHeap()
    {
        lock (SecureHeapGate)
        {
            if (CRYPTO_secure_malloc_initialized() == 1)
            {
                return;
            }

            // 2 means that it works and is not locked: there is no way back from that within the process.
            if (!SecretMemory.CanLock(SecureHeapLength)
                || CRYPTO_secure_malloc_init(SecureHeapLength, SecureHeapBlock) != 1)
            {
                ForgetErrors();
                throw new SecretMemoryException(
                    $"cannot lock {SecureHeapLength / 1024} KiB of memory for private keys: raise RLIMIT_MEMLOCK with "
                    + "'ulimit -l' or LimitMEMLOCK=");
            }
        }
    }

    /// <summary>The first private key of a PEM text, of any form that OpenSSL reads; null when there is none it can.</summary>
    /// <param name="pem">The text, in secret memory.</param>
    /// <param name="passphrase">For an encrypted one; may be empty.</param>
    /// <param name="asked">Whether a passphrase was asked for.</param>
    internal static KeyHandle? TryReadPrivateKey(ReadOnlySpan<byte> pem, ReadOnlySpan<byte> passphrase, out bool asked)
    {
        UseSecureHeap();
        fixed (byte* text = pem, pass = passphrase)
        {
            PassphraseState state = new() { Passphrase = pass, Length = passphrase.Length };
            using Bio bio = new(BIO_new_mem_buf(text, pem.Length));
            nint key = PEM_read_bio_PrivateKey(bio.Pointer, null, &GivePassphrase, &state);
            asked = state.Asked != 0;
            ForgetErrors();
            return key == 0 ? null : new KeyHandle(key);
        }
    }

    /// <summary>The first public key of a PEM text, or that of its first certificate; null when there is neither.</summary>
    internal static KeyHandle? TryReadPublicKey(ReadOnlySpan<byte> pem)
    {
        fixed (byte* text = pem)
        {
            PassphraseState state = default;
            using Bio bio = new(BIO_new_mem_buf(text, pem.Length));
            nint key = PEM_read_bio_PUBKEY(bio.Pointer, null, &GivePassphrase, &state);
            if (key == 0)
            {
                using Bio again = new(BIO_new_mem_buf(text, pem.Length));
                nint certificate = PEM_read_bio_X509(again.Pointer, null, &GivePassphrase, &state);
                if (certificate != 0)
                {
                    key = X509_get_pubkey(certificate);
                    X509_free(certificate);
                }
            }

            ForgetErrors();
            return key == 0 ? null : new KeyHandle(key);
        }
    }

    /// <summary>i2d_PUBKEY: the SubjectPublicKeyInfo in DER.</summary>
    internal static byte[] PublicKeyInfo(KeyHandle key)
    {
        byte* encoded = null;
        int length = i2d_PUBKEY(key.Pointer, &encoded);
        Require(length, nameof(i2d_PUBKEY));
        byte[] info = new ReadOnlySpan<byte>(encoded, length).ToArray();
        CRYPTO_free(encoded, null, 0);
        return info;
    }

    /// <summary>d2i_PUBKEY; null for what is not exactly one SubjectPublicKeyInfo.</summary>
    internal static KeyHandle? TryParsePublicKeyInfo(ReadOnlySpan<byte> info)
    {
        fixed (byte* data = info)
        {
            byte* at = data;
            nint key = d2i_PUBKEY(null, &at, info.Length);
            ForgetErrors();
            if (key == 0)
            {
                return null;
            }

            KeyHandle parsed = new(key);
            if (at == data + info.Length)
            {
                return parsed;
            }

            parsed.Dispose();
            return null;
        }
    }

    /// <summary>
    /// A private key as PKCS#8 PEM, encrypted with AES-256-CBC under scrypt (N = 2^14, r = 8, p = 1, the cost that every
    /// OpenSSL reads) when there is a passphrase.
    /// </summary>
    /// <returns>The text, which the caller disposes.</returns>
    internal static SecretBuffer WritePrivateKey(KeyHandle key, ReadOnlySpan<byte> passphrase)
    {
        const ulong N = 1 << 14;
        const ulong R = 8;
        const ulong P = 1;
        UseSecureHeap();
        using Bio bio = new(BIO_new(BIO_s_secmem()));
        nint info = RequireObject(EVP_PKEY2PKCS8(key.Pointer), nameof(EVP_PKEY2PKCS8));
        try
        {
            if (passphrase.IsEmpty)
            {
                Require(PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio.Pointer, info), nameof(PEM_write_bio_PKCS8_PRIV_KEY_INFO));
            }
            else
            {
                fixed (byte* pass = passphrase)
                {
                    // Null salt and IV: OpenSSL draws them. The algorithm goes to PKCS8_set0_pbe.
                    nint algorithm = RequireObject(
                        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), null, 0, null, N, R, P), nameof(PKCS5_pbe2_set_scrypt));
                    nint encrypted = RequireObject(
                        PKCS8_set0_pbe(pass, passphrase.Length, info, algorithm), nameof(PKCS8_set0_pbe));
                    int written = PEM_write_bio_PKCS8(bio.Pointer, encrypted);
                    X509_SIG_free(encrypted);
                    Require(written, nameof(PEM_write_bio_PKCS8));
                }
            }
        }
        finally
        {
            PKCS8_PRIV_KEY_INFO_free(info);
        }

        SecretBuffer text = SecretBuffer.Allocate((int)BIO_ctrl_pending(bio.Pointer));
        using SecretBuffer.RevealedSecret bytes = text.UnsafeReveal();
        fixed (byte* target = bytes.Bytes)
        {
            Require(BIO_read(bio.Pointer, target, text.Length), nameof(BIO_read));
        }

        return text;
    }

    /// <summary>
    /// pem_password_cb: copies the passphrase to where OpenSSL wants it, a buffer on its stack that it cleanses.
    /// </summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GivePassphrase(byte* buffer, int size, int writing, void* state)
    {
        PassphraseState* given = (PassphraseState*)state;
        given->Asked = 1;
        if (given->Length == 0 || given->Length > size)
        {
            return -1;
        }

        new ReadOnlySpan<byte>(given->Passphrase, given->Length).CopyTo(new Span<byte>(buffer, size));
        return given->Length;
    }

    private struct PassphraseState
    {
        internal byte* Passphrase;
        internal int Length;
        internal int Asked;
    }

    private readonly ref struct Bio
    {
        internal Bio(nint bio) => Pointer = RequireObject(bio, "BIO_new");

        internal nint Pointer { get; }

        // Nothing can fail in freeing memory.
        internal void Dispose() => _ = BIO_free(Pointer);
    }
}
