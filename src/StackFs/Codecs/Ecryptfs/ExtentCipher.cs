using System.Buffers.Text;
using System.Security.Cryptography;
using StackFs.Keyring.Secrets;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>
/// Seals and opens the data extents of one file: CBC under the file key, the IV made of the key and the extent's index
/// (FORMAT.md section 5). Deterministic and not authenticated: every stored extent opens.
/// </summary>
internal sealed class ExtentCipher : IExtentCipher
{
    private const int DigestSize = MD5.HashSizeInBytes;

    private readonly BlockCipher _cipher;
    private readonly SecretBuffer _rootIv;

    /// <summary>Keys the cipher of a file.</summary>
    /// <param name="key">The file's key; stays the caller's and may go once this returns.</param>
    /// <param name="dataStart">Lower offset of extent 0: the header's size, or 0 when it is in the attribute.</param>
    internal ExtentCipher(FileKey key, long dataStart)
    {
        Geometry = new ExtentGeometry(dataStart, EcryptfsFormat.ExtentSize, EcryptfsFormat.ExtentSize, 0);
        _rootIv = SecretBuffer.Allocate(DigestSize);
        _rootIv.Fill(key.Secret, static (root, fek) =>
            fek.Use(root, static (octets, to) => _ = MD5.HashData(octets, to)));
        _cipher = BlockCipher.Create(key.Cipher, key.Secret);
    }

    /// <inheritdoc/>
    public ExtentGeometry Geometry { get; }

    /// <inheritdoc/>
    public void Seal(long index, ReadOnlySpan<byte> plaintext, bool isFinal, Span<byte> stored)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, EcryptfsFormat.ExtentSize, nameof(plaintext));
        plaintext.CopyTo(stored);
        SealInPlace(index, stored, plaintext.Length, isFinal);
    }

    /// <inheritdoc/>
    public void SealInPlace(long index, Span<byte> stored, int count, bool isFinal)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(stored.Length, EcryptfsFormat.ExtentSize, nameof(stored));
        stored[count..].Clear();
        Span<byte> iv = stackalloc byte[DigestSize];
        DeriveIv(index, iv);
        _cipher.EncryptCbc(iv, stored, stored);
    }

    /// <inheritdoc/>
    public ExtentStatus Open(long index, ReadOnlySpan<byte> stored, Span<byte> plaintext, out ExtentMeta meta)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(stored.Length, EcryptfsFormat.ExtentSize, nameof(stored));
        ArgumentOutOfRangeException.ThrowIfNotEqual(plaintext.Length, EcryptfsFormat.ExtentSize, nameof(plaintext));
        if (!stored.ContainsAnyExcept((byte)0))
        {
            plaintext.Clear();
            meta = default;
            return ExtentStatus.Hole;
        }

        Span<byte> iv = stackalloc byte[DigestSize];
        DeriveIv(index, iv);
        _cipher.DecryptCbc(iv, stored, plaintext);
        meta = new ExtentMeta(EcryptfsFormat.ExtentSize, ExtentFlags.None);
        return ExtentStatus.Ok;
    }

    /// <inheritdoc/>
    public ExtentStatus OpenInPlace(long index, Span<byte> stored, out ExtentMeta meta) =>
        Open(index, stored, stored, out meta);

    /// <summary>The IV of an extent: MD5 over the root IV and the index in decimal, padded with NUL to 16.</summary>
    /// <param name="index">Not negative.</param>
    /// <param name="iv">16 octets.</param>
    internal void DeriveIv(long index, Span<byte> iv)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        _rootIv.Use(new IvRequest(index, iv), static (root, request) =>
        {
            Span<byte> input = stackalloc byte[2 * DigestSize];
            root.CopyTo(input);
            Span<byte> digits = input[DigestSize..];
            digits.Clear();
            // Indices stay below 2^51 (sizes are 63 bits), which is 16 digits.
            if (!Utf8Formatter.TryFormat(request.Index, digits, out _))
            {
                throw new ArgumentOutOfRangeException(nameof(index));
            }

            _ = MD5.HashData(input, request.Iv);
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cipher.Dispose();
        _rootIv.Dispose();
    }

    private readonly ref struct IvRequest(long index, Span<byte> iv)
    {
        internal long Index { get; } = index;

        internal Span<byte> Iv { get; } = iv;
    }
}
