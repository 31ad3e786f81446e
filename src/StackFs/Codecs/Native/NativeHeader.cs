using System.Buffers.Binary;
using System.Diagnostics;
using StackFs.Keyring.Slots;

namespace StackFs.Codecs.Native;

/// <summary>
/// The fields of a header page (FORMAT.md section 2.1), as slices of the page: valid as long as that is, and not
/// authentic until <see cref="NativeVolume"/> has said so. A page that parses is written back byte for byte.
/// </summary>
internal readonly ref struct NativeHeader
{
    /// <summary>The cipher suite.</summary>
    internal NativeSuite Suite { get; init; }

    /// <summary>The flags, all known.</summary>
    internal HeaderFlags Flags { get; init; }

    /// <summary>The file's id.</summary>
    internal FileId FileId { get; init; }

    /// <summary>16 bytes: which volume key wraps the keys.</summary>
    internal ReadOnlySpan<byte> VolumeKeyId { get; init; }

    /// <summary>60 bytes: the file key.</summary>
    internal ReadOnlySpan<byte> WrappedFek { get; init; }

    /// <summary>60 bytes: the next file key, or zeros.</summary>
    internal ReadOnlySpan<byte> WrappedNextFek { get; init; }

    /// <summary>60 bytes: the names key.</summary>
    internal ReadOnlySpan<byte> WrappedNamesKey { get; init; }

    /// <summary>3,836 bytes: the key slots (SLOTS.md) and zeros.</summary>
    internal ReadOnlySpan<byte> SlotArea { get; init; }

    /// <summary>32 bytes: HMAC over all before.</summary>
    internal ReadOnlySpan<byte> Mac { get; init; }

    /// <summary>Whether the data is being re-encrypted under another file key.</summary>
    internal bool HasNextFek => WrappedNextFek.ContainsAnyExcept((byte)0);

    /// <summary>Reads and checks a header, short of what needs a key.</summary>
    /// <param name="start">
    /// The lower file from its beginning: 4,096 bytes, or all of it if it is shorter.
    /// </param>
    /// <param name="header">The fields; empty unless the status is Ok.</param>
    /// <param name="knownSlotArea">
    /// A slot area known to be well-formed, with its zeros: one equal to it is not parsed. Empty for none.
    /// </param>
    /// <returns>
    /// Ok, Empty, NotStackFs, UnknownVersion, UnknownSuite, UnknownFlags or Malformed. A caller that finds data behind an
    /// Empty page of zeros answers Erased.
    /// </returns>
    internal static HeaderStatus TryParse(
        ReadOnlySpan<byte> start, out NativeHeader header, ReadOnlySpan<byte> knownSlotArea = default)
    {
        header = default;
        HeaderStatus status = CheckStart(start);
        if (status != HeaderStatus.Ok)
        {
            return status;
        }

        ReadOnlySpan<byte> page = start[..NativeFormat.HeaderSize];
        if (page[NativeFormat.SuiteOffset] != (byte)NativeSuite.Aes256Gcm)
        {
            return HeaderStatus.UnknownSuite;
        }

        HeaderFlags flags = (HeaderFlags)page[NativeFormat.FlagsOffset];
        if ((flags & ~(HeaderFlags.Sparse | HeaderFlags.Epoch)) != 0)
        {
            return HeaderStatus.UnknownFlags;
        }

        ReadOnlySpan<byte> slots = page.Slice(NativeFormat.SlotAreaOffset, NativeFormat.SlotAreaSize);
        if (BinaryPrimitives.ReadUInt16LittleEndian(page[NativeFormat.HeaderLengthOffset..]) != NativeFormat.HeaderSize
            || page.Slice(NativeFormat.ReservedOffset, NativeFormat.ReservedSize).ContainsAnyExcept((byte)0)
            || (!slots.SequenceEqual(knownSlotArea) && KeySlotSet.TryParse(slots, out _) != SlotAreaStatus.Ok))
        {
            return HeaderStatus.Malformed;
        }

        header = new NativeHeader
        {
            Suite = NativeSuite.Aes256Gcm,
            Flags = flags,
            FileId = FileId.Read(page[NativeFormat.FileIdOffset..]),
            VolumeKeyId = page.Slice(NativeFormat.VolumeKeyIdOffset, NativeFormat.VolumeKeyIdSize),
            WrappedFek = page.Slice(NativeFormat.WrappedFekOffset, NativeFormat.WrappedKeySize),
            WrappedNextFek = page.Slice(NativeFormat.WrappedNextFekOffset, NativeFormat.WrappedKeySize),
            WrappedNamesKey = page.Slice(NativeFormat.WrappedNamesKeyOffset, NativeFormat.WrappedKeySize),
            SlotArea = slots,
            Mac = page[NativeFormat.MacOffset..],
        };
        return HeaderStatus.Ok;
    }

    /// <summary>Writes the page.</summary>
    /// <param name="page">4,096 bytes; none of the fields may lie in it.</param>
    internal void WriteTo(Span<byte> page)
    {
        Debug.Assert(page.Length == NativeFormat.HeaderSize, "a header is a page");
        NativeFormat.Magic.CopyTo(page);
        BinaryPrimitives.WriteUInt16LittleEndian(page[NativeFormat.HeaderLengthOffset..], NativeFormat.HeaderSize);
        page[NativeFormat.SuiteOffset] = (byte)Suite;
        page[NativeFormat.FlagsOffset] = (byte)Flags;
        page.Slice(NativeFormat.ReservedOffset, NativeFormat.ReservedSize).Clear();
        FileId.Write(page[NativeFormat.FileIdOffset..]);
        VolumeKeyId.CopyTo(page[NativeFormat.VolumeKeyIdOffset..]);
        WrappedFek.CopyTo(page[NativeFormat.WrappedFekOffset..]);
        WrappedNextFek.CopyTo(page[NativeFormat.WrappedNextFekOffset..]);
        WrappedNamesKey.CopyTo(page[NativeFormat.WrappedNamesKeyOffset..]);
        SlotArea.CopyTo(page[NativeFormat.SlotAreaOffset..]);
        Mac.CopyTo(page[NativeFormat.MacOffset..]);
    }

    // Whether a page begins as ours, or not at all (FORMAT.md section 2.4).
    private static HeaderStatus CheckStart(ReadOnlySpan<byte> start)
    {
        int seen = Math.Min(start.Length, NativeFormat.VersionOffset);
        if (start[..seen].SequenceEqual(NativeFormat.Magic[..seen]))
        {
            if (start.Length > NativeFormat.VersionOffset && start[NativeFormat.VersionOffset] != NativeFormat.Version)
            {
                return HeaderStatus.UnknownVersion;
            }

            return start.Length < NativeFormat.HeaderSize ? HeaderStatus.Empty : HeaderStatus.Ok;
        }

        bool isZero = !start[..Math.Min(start.Length, NativeFormat.HeaderSize)].ContainsAnyExcept((byte)0);
        return isZero ? HeaderStatus.Empty : HeaderStatus.NotStackFs;
    }
}
