using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/evp.h, asymmetric keys: what they are, encryption, key agreement, generation.</summary>
internal static unsafe partial class LibCrypto
{
    [LibraryImport(Library)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_is_a(nint key, byte* name);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_bits(nint key);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_size(nint key);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_utf8_string_param(
        nint key, byte* name, byte* text, nuint length, nuint* written);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_octet_string_param(
        nint key, byte* name, byte* data, nuint length, nuint* written);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_set_utf8_string_param(nint key, byte* name, byte* text);

    [LibraryImport(Library)]
    private static partial nint EVP_PKEY_new();

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_copy_parameters(nint target, nint source);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_set1_encoded_public_key(nint key, byte* data, nuint length);

    [LibraryImport(Library)]
    private static partial nint EVP_PKEY_new_raw_public_key_ex(
        nint libraryContext, byte* type, byte* properties, byte* key, nuint length);

    [LibraryImport(Library)]
    private static partial nint EVP_PKEY_CTX_new_from_pkey(nint libraryContext, nint key, byte* properties);

    [LibraryImport(Library)]
    private static partial nint EVP_PKEY_CTX_new_from_name(nint libraryContext, byte* name, byte* properties);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_CTX_set_params(nint context, Param* parameters);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_keygen_init(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_generate(nint context, nint* key);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_encrypt_init_ex(nint context, Param* parameters);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_encrypt(
        nint context, byte* output, nuint* outputLength, byte* input, nuint inputLength);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_decrypt_init_ex(nint context, Param* parameters);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_decrypt(
        nint context, byte* output, nuint* outputLength, byte* input, nuint inputLength);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_derive_init(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_derive_set_peer(nint context, nint peer);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_derive(nint context, byte* secret, nuint* length);

    /// <summary>EVP_PKEY_is_a.</summary>
    /// <param name="key">The key.</param>
    /// <param name="name">NUL-terminated, as every u8 literal is.</param>
    internal static bool IsA(KeyHandle key, ReadOnlySpan<byte> name)
    {
        fixed (byte* n = name)
        {
            return EVP_PKEY_is_a(key.Pointer, n) == 1;
        }
    }

    /// <summary>EVP_PKEY_get_bits.</summary>
    internal static int Bits(KeyHandle key) => EVP_PKEY_get_bits(key.Pointer);

    /// <summary>EVP_PKEY_get_size: for RSA the modulus in bytes.</summary>
    internal static int Size(KeyHandle key) => EVP_PKEY_get_size(key.Pointer);

    /// <summary>The curve of an EC key, or null for one with explicit parameters.</summary>
    internal static string? GroupName(KeyHandle key)
    {
        const int Longest = 64;
        byte* text = stackalloc byte[Longest];
        nuint length;
        fixed (byte* n = "group"u8)
        {
            if (EVP_PKEY_get_utf8_string_param(key.Pointer, n, text, Longest, &length) != 1)
            {
                ForgetErrors();
                return null;
            }
        }

        return Marshal.PtrToStringUTF8((nint)text, (int)length);
    }

    /// <summary>Makes an EC key's public half be written with a named curve and an uncompressed point.</summary>
    internal static void NormaliseEncoding(KeyHandle key)
    {
        fixed (byte* format = "point-format"u8, uncompressed = "uncompressed"u8)
        fixed (byte* encoding = "encoding"u8, named = "named_curve"u8)
        {
            Require(
                EVP_PKEY_set_utf8_string_param(key.Pointer, format, uncompressed),
                nameof(EVP_PKEY_set_utf8_string_param));
            Require(
                EVP_PKEY_set_utf8_string_param(key.Pointer, encoding, named), nameof(EVP_PKEY_set_utf8_string_param));
        }
    }

    /// <summary>The public half as peers exchange it: an uncompressed point, or 32 bytes of X25519.</summary>
    internal static byte[] EncodedPublicKey(KeyHandle key)
    {
        const int Longest = 133;
        byte[] encoded = new byte[Longest];
        nuint length;
        fixed (byte* name = "encoded-pub-key"u8, data = encoded)
        {
            Require(
                EVP_PKEY_get_octet_string_param(key.Pointer, name, data, Longest, &length),
                nameof(EVP_PKEY_get_octet_string_param));
        }

        return encoded[..(int)length];
    }

    /// <summary>
    /// A peer's public key of the same kind as <paramref name="like"/>; null when the bytes are not one, such as a point
    /// off the curve.
    /// </summary>
    internal static KeyHandle? TryPeer(KeyHandle like, ReadOnlySpan<byte> encoded)
    {
        fixed (byte* data = encoded, x25519 = "X25519"u8)
        {
            if (IsA(like, "X25519"u8))
            {
                nint raw = EVP_PKEY_new_raw_public_key_ex(0, x25519, null, data, (nuint)encoded.Length);
                return raw == 0 ? NoKey() : new KeyHandle(raw);
            }

            KeyHandle peer = new(RequireObject(EVP_PKEY_new(), nameof(EVP_PKEY_new)));
            if (EVP_PKEY_copy_parameters(peer.Pointer, like.Pointer) == 1
                && EVP_PKEY_set1_encoded_public_key(peer.Pointer, data, (nuint)encoded.Length) == 1)
            {
                return peer;
            }

            peer.Dispose();
            return NoKey();
        }
    }

    /// <summary>Generates a key.</summary>
    /// <param name="type">NUL-terminated: RSA, EC or X25519.</param>
    /// <param name="group">The curve for EC, NUL-terminated; else empty.</param>
    /// <param name="bits">The modulus for RSA; else 0.</param>
    internal static KeyHandle Generate(ReadOnlySpan<byte> type, ReadOnlySpan<byte> group, int bits)
    {
        fixed (byte* t = type, g = group, groupKey = "group"u8, bitsKey = "bits"u8)
        {
            using PkeyContext context = new(EVP_PKEY_CTX_new_from_name(0, t, null));
            Require(EVP_PKEY_keygen_init(context.Pointer), nameof(EVP_PKEY_keygen_init));
            nuint size = (nuint)bits;
            Param* parameters = stackalloc Param[2];
            parameters[0] = bits > 0 ? Param.Unsigned(bitsKey, &size) : Param.Text(groupKey, g, group.Length);
            parameters[1] = default;
            if (bits > 0 || !group.IsEmpty)
            {
                Require(EVP_PKEY_CTX_set_params(context.Pointer, parameters), nameof(EVP_PKEY_CTX_set_params));
            }

            nint key = 0;
            Require(EVP_PKEY_generate(context.Pointer, &key), nameof(EVP_PKEY_generate));
            return new KeyHandle(key);
        }
    }

    /// <summary>RSAES-OAEP with SHA-256, MGF1 with SHA-256 (RFC 8017 §7.1.1).</summary>
    internal static byte[] OaepEncrypt(KeyHandle key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> message)
    {
        byte[] output = new byte[Size(key)];
        nuint length = (nuint)output.Length;
        using PkeyContext context = new(EVP_PKEY_CTX_new_from_pkey(0, key.Pointer, null));
        fixed (byte* l = label, m = message, o = output)
        {
            InitOaep(context, l, label.Length, encrypt: true);
            Require(EVP_PKEY_encrypt(context.Pointer, o, &length, m, (nuint)message.Length), nameof(EVP_PKEY_encrypt));
        }

        return output[..(int)length];
    }

    /// <summary>
    /// The reverse; false when it is not a ciphertext for this key and label.
    /// </summary>
    /// <param name="key">A private key.</param>
    /// <param name="label">As it was on encryption.</param>
    /// <param name="ciphertext">Of the modulus's length.</param>
    /// <param name="output">Of the modulus's length, in secret memory.</param>
    /// <param name="length">Bytes of the message.</param>
    internal static bool TryOaepDecrypt(
        KeyHandle key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> ciphertext, Span<byte> output, out int length)
    {
        using PkeyContext context = new(EVP_PKEY_CTX_new_from_pkey(0, key.Pointer, null));
        nuint written = (nuint)output.Length;
        fixed (byte* l = label, c = ciphertext, o = output)
        {
            InitOaep(context, l, label.Length, encrypt: false);
            bool opened = EVP_PKEY_decrypt(context.Pointer, o, &written, c, (nuint)ciphertext.Length) == 1;
            length = opened ? (int)written : 0;
            ForgetErrors();
            return opened;
        }
    }

    /// <summary>
    /// ECDH or X25519: the shared secret; false for a peer that gives none, such as an X25519 point of small order.
    /// </summary>
    internal static bool TryAgree(KeyHandle mine, KeyHandle peer, Span<byte> secret, out int length)
    {
        using PkeyContext context = new(EVP_PKEY_CTX_new_from_pkey(0, mine.Pointer, null));
        nuint written = (nuint)secret.Length;
        fixed (byte* s = secret)
        {
            Require(EVP_PKEY_derive_init(context.Pointer), nameof(EVP_PKEY_derive_init));
            bool agreed = EVP_PKEY_derive_set_peer(context.Pointer, peer.Pointer) == 1
                && EVP_PKEY_derive(context.Pointer, s, &written) == 1;
            length = agreed ? (int)written : 0;
            ForgetErrors();
            return agreed;
        }
    }

    private static KeyHandle? NoKey()
    {
        ForgetErrors();
        return null;
    }

    private static void InitOaep(PkeyContext context, byte* label, int labelLength, bool encrypt)
    {
        ReadOnlySpan<byte> oaep = "oaep"u8;
        ReadOnlySpan<byte> sha256 = "SHA256"u8;
        fixed (byte* padKey = "pad-mode"u8, digestKey = "digest"u8, mgfKey = "mgf1-digest"u8, labelKey = "oaep-label"u8)
        fixed (byte* pad = oaep, digest = sha256)
        {
            Param* parameters = stackalloc Param[5];
            parameters[0] = Param.Text(padKey, pad, oaep.Length);
            parameters[1] = Param.Text(digestKey, digest, sha256.Length);
            parameters[2] = Param.Text(mgfKey, digest, sha256.Length);
            parameters[3] = Param.Octets(labelKey, label, labelLength);
            parameters[4] = default;
            Require(
                encrypt
                    ? EVP_PKEY_encrypt_init_ex(context.Pointer, parameters)
                    : EVP_PKEY_decrypt_init_ex(context.Pointer, parameters),
                "RSA-OAEP setup");
        }
    }

    /// <summary>
    /// Owns an <c>EVP_PKEY</c>. Its private numbers are in OpenSSL's secure heap (<see cref="UseSecureHeap"/>). Not
    /// changed after it is made, so usable from several threads.
    /// </summary>
    internal sealed class KeyHandle : SafeHandle
    {
        internal KeyHandle(nint key)
            : base(0, ownsHandle: true) => SetHandle(key);

        /// <inheritdoc/>
        public override bool IsInvalid => handle == 0;

        /// <summary>The native object.</summary>
        /// <exception cref="ObjectDisposedException">It was released.</exception>
        internal nint Pointer
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsClosed, this);
                return handle;
            }
        }

        /// <summary>Hands the key to the class library's own type and keeps none.</summary>
        internal SafeEvpPKeyHandle Give()
        {
            SafeEvpPKeyHandle given = new(Pointer, ownsHandle: true);
            SetHandleAsInvalid();
            return given;
        }

        /// <inheritdoc/>
        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }

    private readonly ref struct PkeyContext
    {
        internal PkeyContext(nint context) => Pointer = RequireObject(context, "EVP_PKEY_CTX_new");

        internal nint Pointer { get; }

        internal void Dispose() => EVP_PKEY_CTX_free(Pointer);
    }
}
