using System.Buffers.Binary;
using System.Security.Cryptography;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;

namespace StackFs.Codecs.Native;

/// <summary>
/// Seals and opens the extents of one file (FORMAT.md section 2.2): one GCM call each, straight between the caller's
/// plaintext and the page.
/// </summary>
/// <remarks>
/// One thread's at a time. Keeps the key schedules of the file's keys until it is rekeyed or disposed, also after the
/// <see cref="FileKeys"/> are gone: whoever takes a key away disposes of its ciphers too.
/// </remarks>
internal sealed class ExtentCipher : IExtentCipher
{
    private const int AdditionalDataSize = 1 + sizeof(ulong) + NativeFormat.MetaSize;
    private const ExtentFlags KnownFlags = ExtentFlags.Final | ExtentFlags.Epoch;

    private readonly byte[] _additionalData = new byte[AdditionalDataSize];
    private readonly Aes256Gcm _current;
    private Aes256Gcm? _next;
    private bool _currentEpoch;

    /// <summary>Keys a cipher with a file's keys, which stay the caller's.</summary>
    internal ExtentCipher(FileKeys keys)
    {
        _additionalData[0] = NativeFormat.Version;
        _current = new Aes256Gcm(keys.CurrentExtentKey);
        SetEpochs(keys);
    }

    /// <inheritdoc/>
    public ExtentGeometry Geometry => NativeFormat.Geometry;

    /// <summary>Turns to another file: cheaper than another cipher, so that a worker can keep one for all files.</summary>
    /// <param name="keys">Stay the caller's.</param>
    internal void Rekey(FileKeys keys)
    {
        _current.SetKey(keys.CurrentExtentKey);
        SetEpochs(keys);
    }

    /// <inheritdoc/>
    public void Seal(long index, ReadOnlySpan<byte> plaintext, bool isFinal, Span<byte> stored)
    {
        CheckPage(index, stored.Length);
        if (plaintext.Length == NativeFormat.ExtentSize)
        {
            Encrypt(index, plaintext, plaintext.Length, isFinal, stored);
            return;
        }

        // Short: the page's own ciphertext area is where it is padded.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, NativeFormat.ExtentSize, nameof(plaintext));
        plaintext.CopyTo(stored[NativeFormat.CiphertextOffset..]);
        SealInPlace(index, stored, plaintext.Length, isFinal);
    }

    /// <inheritdoc/>
    public void SealInPlace(long index, Span<byte> stored, int count, bool isFinal)
    {
        CheckPage(index, stored.Length);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Span<byte> plaintext = stored.Slice(NativeFormat.CiphertextOffset, NativeFormat.ExtentSize);
        plaintext[count..].Clear();
        Encrypt(index, plaintext, count, isFinal, stored);
    }

    /// <inheritdoc/>
    public ExtentStatus Open(long index, ReadOnlySpan<byte> stored, Span<byte> plaintext, out ExtentMeta meta)
    {
        CheckPage(index, stored.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(plaintext.Length, NativeFormat.ExtentSize, nameof(plaintext));
        ExtentStatus status = Decrypt(index, stored, plaintext, out meta);
        if (status != ExtentStatus.Ok)
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }

        return status;
    }

    /// <inheritdoc/>
    public ExtentStatus OpenInPlace(long index, Span<byte> stored, out ExtentMeta meta) =>
        Open(index, stored, stored.Slice(NativeFormat.CiphertextOffset, NativeFormat.ExtentSize), out meta);

    /// <inheritdoc/>
    public void Dispose()
    {
        _current.Dispose();
        _next?.Dispose();
    }

    private static void CheckPage(long index, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNotEqual(length, NativeFormat.PageSize);
    }

    private void SetEpochs(FileKeys keys)
    {
        _currentEpoch = keys.CurrentEpoch;
        _next?.Dispose();
        _next = keys.NextExtentKey is SecretBuffer next ? new Aes256Gcm(next) : null;
    }

    private void Encrypt(long index, ReadOnlySpan<byte> plaintext, int count, bool isFinal, Span<byte> page)
    {
        ExtentFlags flags = (isFinal ? ExtentFlags.Final : ExtentFlags.None)
            | (_currentEpoch == _next is null ? ExtentFlags.Epoch : ExtentFlags.None);
        RandomBytes.FillNonce(page[..NativeFormat.NonceSize]);
        BinaryPrimitives.WriteUInt16LittleEndian(page[NativeFormat.CountOffset..], (ushort)count);
        BinaryPrimitives.WriteUInt16LittleEndian(page[NativeFormat.ExtentFlagsOffset..], (ushort)flags);
        (_next ?? _current).Encrypt(
            page[..NativeFormat.NonceSize],
            AdditionalData(index, page),
            plaintext,
            page.Slice(NativeFormat.CiphertextOffset, NativeFormat.ExtentSize),
            page[NativeFormat.TagOffset..]);
    }

    private ExtentStatus Decrypt(long index, ReadOnlySpan<byte> page, Span<byte> plaintext, out ExtentMeta meta)
    {
        meta = default;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(page[NativeFormat.CountOffset..]);
        ExtentFlags flags = (ExtentFlags)BinaryPrimitives.ReadUInt16LittleEndian(page[NativeFormat.ExtentFlagsOffset..]);
        if (count == 0 || count > NativeFormat.ExtentSize || (flags & ~KnownFlags) != 0)
        {
            return page.ContainsAnyExcept((byte)0) ? ExtentStatus.Malformed : ExtentStatus.Hole;
        }

        Aes256Gcm? cipher = (flags & ExtentFlags.Epoch) != 0 == _currentEpoch ? _current : _next;
        if (cipher is null)
        {
            return ExtentStatus.NoSuchKey;
        }

        if (!cipher.Decrypt(
            page[..NativeFormat.NonceSize],
            AdditionalData(index, page),
            page.Slice(NativeFormat.CiphertextOffset, NativeFormat.ExtentSize),
            page[NativeFormat.TagOffset..],
            plaintext))
        {
            return ExtentStatus.AuthenticationFailed;
        }

        plaintext[count..].Clear();
        meta = new ExtentMeta(count, flags);
        return ExtentStatus.Ok;
    }

    private ReadOnlySpan<byte> AdditionalData(long index, ReadOnlySpan<byte> page)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_additionalData.AsSpan(1), index);
        page.Slice(NativeFormat.CountOffset, NativeFormat.MetaSize).CopyTo(_additionalData.AsSpan(1 + sizeof(ulong)));
        return _additionalData;
    }
}
