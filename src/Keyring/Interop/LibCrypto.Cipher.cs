using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/evp.h, symmetric ciphers.</summary>
internal static unsafe partial class LibCrypto
{
    private const int EVP_CTRL_AEAD_GET_TAG = 0x10;
    private const int EVP_CTRL_AEAD_SET_TAG = 0x11;

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint EVP_CIPHER_fetch(nint libraryContext, string algorithm, string? properties);

    [LibraryImport(Library)]
    private static partial nint EVP_CIPHER_CTX_new();

    [LibraryImport(Library)]
    private static partial void EVP_CIPHER_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_CIPHER_CTX_copy(nint target, nint source);

    [LibraryImport(Library)]
    private static partial int EVP_CipherInit_ex2(
        nint context, nint cipher, byte* key, byte* iv, int encrypt, Param* parameters);

    [LibraryImport(Library)]
    private static partial int EVP_CipherUpdate(nint context, byte* output, int* outputLength, byte* input, int length);

    [LibraryImport(Library)]
    private static partial int EVP_CipherFinal_ex(nint context, byte* output, int* outputLength);

    [LibraryImport(Library)]
    private static partial int EVP_CIPHER_CTX_ctrl(nint context, int type, int argument, void* pointer);

    /// <summary>EVP_CIPHER_fetch; the result is kept for the life of the process.</summary>
    internal static nint FetchCipher(string algorithm) =>
        RequireObject(EVP_CIPHER_fetch(0, algorithm, null), nameof(EVP_CIPHER_fetch));

    /// <summary>EVP_CIPHER_CTX_copy: <paramref name="target"/> becomes an independent copy of the source's state.</summary>
    internal static void CopyCipherContext(CipherContext target, CipherContext source) =>
        Require(EVP_CIPHER_CTX_copy(target.Pointer, source.Pointer), nameof(EVP_CIPHER_CTX_copy));

    /// <summary>Sets algorithm, key and direction; the IV is set per message.</summary>
    internal static void InitCipher(CipherContext context, nint cipher, ReadOnlySpan<byte> key, bool encrypt)
    {
        fixed (byte* k = key)
        {
            Require(
                EVP_CipherInit_ex2(context.Pointer, cipher, k, null, encrypt ? 1 : 0, null),
                nameof(EVP_CipherInit_ex2));
        }
    }

    /// <summary>Starts a message under the key already set; the IV is copied.</summary>
    internal static void StartMessage(CipherContext context, ReadOnlySpan<byte> iv)
    {
        fixed (byte* p = iv)
        {
            Require(EVP_CipherInit_ex2(context.Pointer, 0, null, p, -1, null), nameof(EVP_CipherInit_ex2));
        }
    }

    /// <summary>Adds additional data. Empty spans are passed on: to SIV an empty component is one.</summary>
    internal static void AddAuthenticated(CipherContext context, ReadOnlySpan<byte> data)
    {
        int written;
        byte nothing = 0;
        fixed (byte* p = data)
        {
            Require(
                EVP_CipherUpdate(context.Pointer, null, &written, p is null ? &nothing : p, data.Length),
                nameof(EVP_CipherUpdate));
        }
    }

    /// <summary>
    /// EVP_CipherUpdate into <paramref name="output"/>, at least as long as the input; false when OpenSSL refuses,
    /// which AES-SIV does here when the message is not authentic.
    /// </summary>
    internal static bool TryUpdate(CipherContext context, ReadOnlySpan<byte> input, Span<byte> output)
    {
        int written;
        byte nothing = 0;
        fixed (byte* i = input)
        fixed (byte* o = output)
        {
            return EVP_CipherUpdate(
                context.Pointer, o is null ? &nothing : o, &written, i is null ? &nothing : i, input.Length) > 0;
        }
    }

    /// <summary>EVP_CipherFinal_ex of a mode that has no bytes left to give; false when the tag does not match.</summary>
    internal static bool TryFinish(CipherContext context)
    {
        const int BlockLength = 16;
        byte* rest = stackalloc byte[BlockLength];
        int written;
        return EVP_CipherFinal_ex(context.Pointer, rest, &written) > 0;
    }

    /// <summary>Reads the tag after an encryption.</summary>
    internal static void GetTag(CipherContext context, Span<byte> tag)
    {
        fixed (byte* p = tag)
        {
            Require(
                EVP_CIPHER_CTX_ctrl(context.Pointer, EVP_CTRL_AEAD_GET_TAG, tag.Length, p),
                nameof(EVP_CIPHER_CTX_ctrl));
        }
    }

    /// <summary>Sets the tag that a decryption must match.</summary>
    internal static void SetTag(CipherContext context, ReadOnlySpan<byte> tag)
    {
        fixed (byte* p = tag)
        {
            Require(
                EVP_CIPHER_CTX_ctrl(context.Pointer, EVP_CTRL_AEAD_SET_TAG, tag.Length, p),
                nameof(EVP_CIPHER_CTX_ctrl));
        }
    }

    /// <summary>
    /// Owns an <c>EVP_CIPHER_CTX</c>. One thread's at a time: its owner keeps it referenced and unshared during calls.
    /// OpenSSL holds the key schedule in ordinary memory, and zeroes it when the context is freed.
    /// </summary>
    internal sealed class CipherContext : SafeHandle
    {
        internal CipherContext()
            : base(0, ownsHandle: true) =>
            SetHandle(RequireObject(EVP_CIPHER_CTX_new(), nameof(EVP_CIPHER_CTX_new)));

        /// <inheritdoc/>
        public override bool IsInvalid => handle == 0;

        /// <summary>The native object, zero once released.</summary>
        internal nint Pointer => handle;

        /// <inheritdoc/>
        protected override bool ReleaseHandle()
        {
            EVP_CIPHER_CTX_free(handle);
            handle = 0;
            return true;
        }
    }
}
