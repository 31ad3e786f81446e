using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Codecs.Native;

/// <summary>
/// Makes and opens the headers of one volume's files (FORMAT.md sections 2.1 and 2.7): what every file repeats of its
/// volume, and the right to the volume key. Pages in, pages out: locking, reading and writing them is the caller's.
/// </summary>
/// <remarks>Safe on any thread. Holds no key of its own; the lease stays the caller's.</remarks>
internal sealed class NativeVolume
{
    // Room for the longest label and a file id.
    private const int MaxAdditionalData = 32;

    private readonly IVolumeKeyLease _lease;
    private readonly byte[] _wrappedNamesKey;
    private readonly byte[] _slotArea = new byte[NativeFormat.SlotAreaSize];

    /// <summary>A volume to make and open files of.</summary>
    /// <param name="lease">Its key: the only one under which a header opens.</param>
    /// <param name="wrappedNamesKey">60 bytes, as in the volume's configuration; copied.</param>
    /// <param name="slots">Its slots, for new headers.</param>
    internal NativeVolume(IVolumeKeyLease lease, ReadOnlySpan<byte> wrappedNamesKey, KeySlotSet slots)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(
            wrappedNamesKey.Length, NativeFormat.WrappedKeySize, nameof(wrappedNamesKey));
        _lease = lease;
        _wrappedNamesKey = wrappedNamesKey.ToArray();
        slots.WriteTo(_slotArea);
    }

    /// <summary>Makes the header of a new file, with a new id and file key.</summary>
    /// <param name="page">Receives 4,096 bytes.</param>
    /// <param name="keys">The file's keys, which the caller disposes; null unless Ok.</param>
    /// <returns>Ok, or NoKey when the volume key was taken away: the page is undefined then.</returns>
    internal HeaderStatus Create(Span<byte> page, out FileKeys? keys)
    {
        keys = null;
        Span<byte> id = stackalloc byte[NativeFormat.FileIdSize];
        RandomBytes.Fill(id);
        FileId fileId = FileId.Read(id);
        Span<byte> volumeKeyId = stackalloc byte[NativeFormat.VolumeKeyIdSize];
        _lease.Id.CopyTo(volumeKeyId);
        Span<byte> wrapped = stackalloc byte[2 * NativeFormat.WrappedKeySize];
        wrapped[NativeFormat.WrappedKeySize..].Clear();
        using SecretBuffer fek = SecretBuffer.Random(NativeFormat.KeySize);
        Span<byte> additionalData = stackalloc byte[MaxAdditionalData];
        if (!_lease.Wrap(
            fek,
            AdditionalData(NativeFormat.FekLabel, fileId, additionalData),
            wrapped[..NativeFormat.WrappedKeySize]))
        {
            return HeaderStatus.NoKey;
        }

        keys = new FileKeys(fileId, currentEpoch: false, fek, nextFek: null);
        new NativeHeader
        {
            Suite = NativeSuite.Aes256Gcm,
            FileId = fileId,
            VolumeKeyId = volumeKeyId,
            WrappedFek = wrapped[..NativeFormat.WrappedKeySize],
            WrappedNextFek = wrapped[NativeFormat.WrappedKeySize..],
            WrappedNamesKey = _wrappedNamesKey,
            SlotArea = _slotArea,
        }.WriteTo(page);
        Authenticate(page, keys);
        return HeaderStatus.Ok;
    }

    /// <summary>Unwraps the names key; false when the volume key was taken away, or it was tampered with.</summary>
    /// <param name="key">NK, 32 bytes, which the caller disposes.</param>
    internal bool TryOpenNamesKey([NotNullWhen(true)] out SecretBuffer? key) =>
        _lease.TryUnwrap(_wrappedNamesKey, VolumeConfig.NameKeyAdditionalData(_lease.Id), out key);

    /// <summary>Opens a file's header: reads it, unwraps its keys, verifies its MAC.</summary>
    /// <param name="start">The lower file from its beginning: 4,096 bytes, or all of it if it is shorter.</param>
    /// <param name="flags">The header's flags; none unless Ok.</param>
    /// <param name="keys">The file's keys, which the caller disposes; null unless Ok.</param>
    /// <returns>
    /// A status of <see cref="NativeHeader.TryParse"/>; OtherVolume; NoKey; AuthenticationFailed.
    /// </returns>
    internal HeaderStatus Open(ReadOnlySpan<byte> start, out HeaderFlags flags, out FileKeys? keys)
    {
        flags = HeaderFlags.None;
        keys = null;
        HeaderStatus status = NativeHeader.TryParse(start, out NativeHeader header, _slotArea);
        if (status != HeaderStatus.Ok)
        {
            return status;
        }

        if (!_lease.Id.Matches(header.VolumeKeyId))
        {
            return HeaderStatus.OtherVolume;
        }

        FileKeys? unwrapped = Unwrap(header);
        if (unwrapped is null)
        {
            return _lease.IsRevoked ? HeaderStatus.NoKey : HeaderStatus.AuthenticationFailed;
        }

        if (!HmacSha256.Verify(unwrapped.HeaderKey, start[..NativeFormat.MacOffset], header.Mac))
        {
            unwrapped.Dispose();
            return HeaderStatus.AuthenticationFailed;
        }

        flags = header.Flags;
        keys = unwrapped;
        return HeaderStatus.Ok;
    }

    /// <summary>
    /// Checks a page read again under the header lock, as every change of a header must, or after an outside change:
    /// that it is still the same file's, and authentic.
    /// </summary>
    /// <param name="page">4,096 bytes, or all of the lower file if it is shorter.</param>
    /// <param name="keys">The file's keys from before.</param>
    /// <param name="flags">The flags that stand in the page; none unless Ok.</param>
    /// <returns>
    /// Ok; Replaced when it is another file's, or none; AuthenticationFailed, also when the file's keys changed meanwhile,
    /// so that the file must be opened again; a status of <see cref="NativeHeader.TryParse"/>.
    /// </returns>
    internal HeaderStatus Check(ReadOnlySpan<byte> page, FileKeys keys, out HeaderFlags flags)
    {
        flags = HeaderFlags.None;
        HeaderStatus status = NativeHeader.TryParse(page, out NativeHeader header, _slotArea);
        if (status != HeaderStatus.Ok)
        {
            return status == HeaderStatus.Empty ? HeaderStatus.Replaced : status;
        }

        if (header.FileId != keys.Id)
        {
            return HeaderStatus.Replaced;
        }

        if (!HmacSha256.Verify(keys.HeaderKey, page[..NativeFormat.MacOffset], header.Mac))
        {
            return HeaderStatus.AuthenticationFailed;
        }

        flags = header.Flags;
        return HeaderStatus.Ok;
    }

    /// <summary>Sets SPARSE in a page that was read under the header lock; the caller writes it back whole.</summary>
    /// <param name="page">4,096 bytes; changed only when Ok.</param>
    /// <param name="keys">The file's keys.</param>
    /// <returns>As <see cref="Check"/>.</returns>
    internal HeaderStatus SetSparse(Span<byte> page, FileKeys keys)
    {
        HeaderStatus status = Check(page, keys, out HeaderFlags flags);
        if (status == HeaderStatus.Ok)
        {
            page[NativeFormat.FlagsOffset] = (byte)(flags | HeaderFlags.Sparse);
            Authenticate(page, keys);
        }

        return status;
    }

    /// <summary>
    /// Puts the volume's slots into a page that was read under the header lock and that <see cref="Open"/> has accepted; the
    /// caller writes it back whole.
    /// </summary>
    /// <param name="page">4,096 bytes.</param>
    /// <param name="keys">The file's keys.</param>
    /// <returns>False, with nothing changed, when it has them.</returns>
    internal bool SetSlots(Span<byte> page, FileKeys keys)
    {
        Span<byte> area = page.Slice(NativeFormat.SlotAreaOffset, NativeFormat.SlotAreaSize);
        if (area.SequenceEqual(_slotArea))
        {
            return false;
        }

        _slotArea.CopyTo(area);
        Authenticate(page, keys);
        return true;
    }

    /// <summary>
    /// Makes a torn header what it was, where that can be proven: its file key unwraps, and with flags tried and what every
    /// file of the volume repeats put in its place, the page has the MAC that stands in it.
    /// </summary>
    /// <param name="page">4,096 bytes; changed only when the result is true.</param>
    internal bool TryMend(Span<byte> page)
    {
        Span<byte> volumeKeyId = stackalloc byte[NativeFormat.VolumeKeyIdSize];
        _lease.Id.CopyTo(volumeKeyId);
        byte[] candidate = new byte[NativeFormat.HeaderSize];
        for (int trial = 0; trial < 8; trial++)
        {
            bool ownSlots = (trial & 4) == 0;
            Span<byte> slots = page.Slice(NativeFormat.SlotAreaOffset, NativeFormat.SlotAreaSize);
            NativeHeader header = new()
            {
                Suite = NativeSuite.Aes256Gcm,
                Flags = (HeaderFlags)(trial & 3),
                FileId = FileId.Read(page[NativeFormat.FileIdOffset..]),
                VolumeKeyId = volumeKeyId,
                WrappedFek = page.Slice(NativeFormat.WrappedFekOffset, NativeFormat.WrappedKeySize),
                WrappedNextFek = page.Slice(NativeFormat.WrappedNextFekOffset, NativeFormat.WrappedKeySize),
                WrappedNamesKey = _wrappedNamesKey,
                SlotArea = ownSlots ? _slotArea : slots,
                Mac = page[NativeFormat.MacOffset..],
            };
            using FileKeys? keys = Unwrap(in header);
            if (keys is null)
            {
                return false;
            }

            header.WriteTo(candidate);
            if (HmacSha256.Verify(keys.HeaderKey, candidate.AsSpan(0, NativeFormat.MacOffset), header.Mac))
            {
                candidate.CopyTo(page);
                return true;
            }
        }

        return false;
    }

    private static void Authenticate(Span<byte> page, FileKeys keys) =>
        HmacSha256.Compute(keys.HeaderKey, page[..NativeFormat.MacOffset], page[NativeFormat.MacOffset..]);

    private static ReadOnlySpan<byte> AdditionalData(ReadOnlySpan<byte> label, FileId id, Span<byte> buffer)
    {
        label.CopyTo(buffer);
        id.Write(buffer[label.Length..]);
        return buffer[..(label.Length + NativeFormat.FileIdSize)];
    }

    private FileKeys? Unwrap(in NativeHeader header)
    {
        Span<byte> additionalData = stackalloc byte[MaxAdditionalData];
        if (!_lease.TryUnwrap(
            header.WrappedFek,
            AdditionalData(NativeFormat.FekLabel, header.FileId, additionalData),
            out SecretBuffer? fek))
        {
            return null;
        }

        using (fek)
        {
            bool epoch = (header.Flags & HeaderFlags.Epoch) != 0;
            if (!header.HasNextFek)
            {
                return new FileKeys(header.FileId, epoch, fek, nextFek: null);
            }

            if (!_lease.TryUnwrap(
                header.WrappedNextFek,
                AdditionalData(NativeFormat.NextFekLabel, header.FileId, additionalData),
                out SecretBuffer? nextFek))
            {
                return null;
            }

            using (nextFek)
            {
                return new FileKeys(header.FileId, epoch, fek, nextFek);
            }
        }
    }
}
