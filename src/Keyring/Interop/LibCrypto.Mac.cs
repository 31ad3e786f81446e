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
        HmacContext context = HmacContext.OfThread;
        try
        {
            context.Start(key);
            context.Add(data);
            context.Finish(mac);
        }
        finally
        {
            context.Wipe();
        }
    }

    /// <summary>
    /// This thread's HMAC-SHA-256. Making a context and looking up its digest costs more than the code of a short text, and
    /// opening a file takes five of them; so it is kept, and holds no key between two uses.
    /// </summary>
    private sealed class HmacContext : SafeHandle
    {
        // What HMAC takes an empty key for (RFC 2104): to OpenSSL, no key means the last one.
        private static readonly byte[] NoKey = new byte[32];

        [ThreadStatic]
        private static HmacContext? _ofThread;

        private HmacContext()
            : base(0, ownsHandle: true)
        {
            SetHandle(RequireObject(EVP_MAC_CTX_new(Hmac), nameof(EVP_MAC_CTX_new)));
            ReadOnlySpan<byte> digestName = "SHA256"u8;
            fixed (byte* key = NoKey, digestKey = "digest"u8, digest = digestName)
            {
                Param* parameters = stackalloc Param[2];
                parameters[0] = Param.Text(digestKey, digest, digestName.Length);
                parameters[1] = default;
                Require(EVP_MAC_init(handle, key, (nuint)NoKey.Length, parameters), nameof(EVP_MAC_init));
            }
        }

        /// <summary>The calling thread's context.</summary>
        internal static HmacContext OfThread => _ofThread ??= new HmacContext();

        /// <inheritdoc/>
        public override bool IsInvalid => handle == 0;

        /// <summary>Begins a code under <paramref name="key"/>.</summary>
        internal void Start(ReadOnlySpan<byte> key)
        {
            fixed (byte* k = key.IsEmpty ? NoKey : key)
            {
                nuint length = (nuint)(key.IsEmpty ? NoKey.Length : key.Length);
                Require(EVP_MAC_init(handle, k, length, null), nameof(EVP_MAC_init));
            }
        }

        /// <summary>Takes in more of the text.</summary>
        internal void Add(ReadOnlySpan<byte> data)
        {
            fixed (byte* d = data)
            {
                Require(EVP_MAC_update(handle, d, (nuint)data.Length), nameof(EVP_MAC_update));
            }
        }

        /// <summary>Ends the code, 32 bytes.</summary>
        internal void Finish(Span<byte> mac)
        {
            nuint written;
            fixed (byte* m = mac)
            {
                Require(EVP_MAC_final(handle, m, &written, (nuint)mac.Length), nameof(EVP_MAC_final));
            }
        }

        /// <summary>Overwrites the key, and what was derived from it.</summary>
        internal void Wipe() => Start(NoKey);

        /// <inheritdoc/>
        protected override bool ReleaseHandle()
        {
            EVP_MAC_CTX_free(handle);
            return true;
        }
    }
}
