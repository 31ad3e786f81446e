using System.Buffers.Text;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Sources;

/// <summary>
/// Decrypts an encrypted private key of a PEM text within secret memory, and writes it as an unencrypted PEM there, which
/// OpenSSL then reads without leaving a copy behind.
/// </summary>
internal static class EncryptedPem
{
    private const int LineLength = 64;

    private static ReadOnlySpan<byte> Pkcs8Label => "ENCRYPTED PRIVATE KEY"u8;

    /// <summary>
    /// Decrypts the first private key of <paramref name="pem"/>, if it is encrypted.
    /// </summary>
    /// <param name="pem">The text, in secret memory, whose costs were judged by <see cref="PemCost"/>.</param>
    /// <param name="passphrase">In secret memory.</param>
    /// <param name="plain">An unencrypted PEM, which the caller disposes; null where there is none.</param>
    /// <returns>
    /// Ok, with null where the first private key is not encrypted; WrongPassphrase; Damaged.
    /// </returns>
    internal static PemStatus TryDecrypt(ReadOnlySpan<byte> pem, ReadOnlySpan<byte> passphrase, out SecretBuffer? plain)
    {
        plain = null;
        if (!TryFind(pem, out Block block))
        {
            return PemStatus.Ok;
        }

        bool isOld = block.Header.IndexOf("4,ENCRYPTED"u8) >= 0;
        bool isPkcs8 = block.Label.SequenceEqual(Pkcs8Label);
        if (!isOld && !isPkcs8)
        {
            return PemStatus.Ok;
        }

        using SecretBuffer? data = Decode(block.Base64);
        if (data is null)
        {
            return PemStatus.Damaged;
        }

        using SecretBuffer? key = isPkcs8 ? DecryptInfo(data, passphrase) : DecryptOld(data, block.Header, passphrase);
        if (key is null)
        {
            return PemStatus.WrongPassphrase;
        }

        using SecretBuffer.RevealedSecret bytes = key.UnsafeReveal();
        plain = Encode(isPkcs8 ? "PRIVATE KEY"u8 : block.Label, bytes.Bytes);
        return PemStatus.Ok;
    }

    private static SecretBuffer? DecryptInfo(SecretBuffer data, ReadOnlySpan<byte> passphrase)
    {
        using SecretBuffer.RevealedSecret bytes = data.UnsafeReveal();
        return LibCrypto.TryDecryptInfo(bytes.Bytes, passphrase);
    }

    private static SecretBuffer? DecryptOld(SecretBuffer data, ReadOnlySpan<byte> header, ReadOnlySpan<byte> passphrase)
    {
        using SecretBuffer.RevealedSecret bytes = data.UnsafeReveal();
        byte[] lines = [.. header, (byte)'\n', 0];
        return LibCrypto.TryDecryptOld(lines, bytes.Bytes, passphrase, out int length) && length > 0
            ? data.Slice(0, length)
            : null;
    }

    /// <summary>The first block whose label ends in "PRIVATE KEY".</summary>
    private static bool TryFind(ReadOnlySpan<byte> pem, out Block block)
    {
        ReadOnlySpan<byte> begin = "-----BEGIN "u8;
        ReadOnlySpan<byte> end = "-----END "u8;
        ReadOnlySpan<byte> dashes = "-----"u8;
        block = default;
        ReadOnlySpan<byte> rest = pem;
        while (rest.IndexOf(begin) is >= 0 and int at)
        {
            rest = rest[(at + begin.Length)..];
            int labelLength = rest.IndexOf(dashes);
            if (labelLength < 0)
            {
                return false;
            }

            ReadOnlySpan<byte> label = rest[..labelLength];
            rest = rest[(labelLength + dashes.Length)..];
            int length = rest.IndexOf(end);
            if (length >= 0 && label.EndsWith("PRIVATE KEY"u8))
            {
                block = new Block(label, rest[..length]);
                return true;
            }
        }

        return false;
    }

    /// <summary>Null for what is not base64.</summary>
    private static SecretBuffer? Decode(ReadOnlySpan<byte> base64)
    {
        byte[] compact = PemCost.Compact(base64);
        if (compact.Length == 0)
        {
            return null;
        }

        using SecretBuffer decoded = SecretBuffer.Allocate(Base64.GetMaxDecodedFromUtf8Length(compact.Length));
        using SecretBuffer.RevealedSecret bytes = decoded.UnsafeReveal();
        return Base64.DecodeFromUtf8(compact, bytes.Bytes, out _, out int length) == System.Buffers.OperationStatus.Done && length > 0
            ? decoded.Slice(0, length)
            : null;
    }

    private static SecretBuffer Encode(ReadOnlySpan<byte> label, ReadOnlySpan<byte> key)
    {
        const int LineBytes = LineLength / 4 * 3;
        int lines = (key.Length + LineBytes - 1) / LineBytes;
        int frame = "-----BEGIN -----\n-----END -----\n"u8.Length + (2 * label.Length);
        using SecretBuffer text = SecretBuffer.Allocate(frame + (lines * (LineLength + 1)));
        using SecretBuffer.RevealedSecret bytes = text.UnsafeReveal();
        int at = 0;
        Put(bytes.Bytes, ref at, "-----BEGIN "u8);
        Put(bytes.Bytes, ref at, label);
        Put(bytes.Bytes, ref at, "-----\n"u8);
        for (ReadOnlySpan<byte> rest = key; !rest.IsEmpty; rest = rest[Math.Min(LineBytes, rest.Length)..])
        {
            _ = Base64.EncodeToUtf8(rest[..Math.Min(LineBytes, rest.Length)], bytes.Bytes[at..], out _, out int written);
            at += written;
            Put(bytes.Bytes, ref at, "\n"u8);
        }

        Put(bytes.Bytes, ref at, "-----END "u8);
        Put(bytes.Bytes, ref at, label);
        Put(bytes.Bytes, ref at, "-----\n"u8);
        return text.Slice(0, at);
    }

    private static void Put(Span<byte> text, ref int at, ReadOnlySpan<byte> part)
    {
        part.CopyTo(text[at..]);
        at += part.Length;
    }

    /// <summary>A block: RFC 1421 header lines up to an empty line, if it has any, then base64.</summary>
    private readonly ref struct Block
    {
        internal Block(ReadOnlySpan<byte> label, ReadOnlySpan<byte> content)
        {
            Label = label;
            Base64 = content;
            int unix = content.IndexOf("\n\n"u8);
            int dos = content.IndexOf("\r\n\r\n"u8);
            if (content.IndexOf("Proc-Type:"u8) >= 0 && Math.Max(unix, dos) >= 0)
            {
                int blank = unix < 0 ? dos : dos < 0 ? unix : Math.Min(unix, dos);
                Header = content[..blank].Trim("\r\n"u8);
                Base64 = content[blank..];
            }
        }

        internal ReadOnlySpan<byte> Label { get; }

        internal ReadOnlySpan<byte> Header { get; }

        internal ReadOnlySpan<byte> Base64 { get; }
    }
}
