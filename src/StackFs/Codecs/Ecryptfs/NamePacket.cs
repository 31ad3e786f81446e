using StackFs.Keyring.Ecryptfs;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>
/// An encrypted name taken apart without a key: which key and cipher it asks for (FORMAT.md section 6, tag 70).
/// </summary>
/// <param name="Signature">The key of the name.</param>
/// <param name="CipherCode">The code of its cipher.</param>
/// <param name="DataOffset">Where the ciphertext starts in the decoded packet.</param>
/// <param name="DataLength">Octets of ciphertext.</param>
internal readonly record struct NamePacket(
    EcryptfsSignature Signature, byte CipherCode, int DataOffset, int DataLength)
{
    /// <summary>Tag of an encrypted name.</summary>
    internal const byte Tag = 0x46;

    /// <summary>Octets of the body before the ciphertext: signature and cipher code.</summary>
    internal const int BodyFixed = EcryptfsSignature.Size + 1;

    /// <summary>What every encrypted name starts with.</summary>
    internal static ReadOnlySpan<byte> Prefix => "ECRYPTFS_FNEK_ENCRYPTED."u8;

    /// <summary>Octets that a packet with this much ciphertext takes.</summary>
    internal static int EncodedSize(int dataLength) =>
        1 + PacketLength.SizeOf(BodyFixed + dataLength) + BodyFixed + dataLength;

    /// <summary>Characters of the lower name or target with this much ciphertext.</summary>
    internal static int LowerLength(int dataLength) => Prefix.Length + Encode6.EncodedLength(EncodedSize(dataLength));

    /// <summary>Takes a lower name apart.</summary>
    /// <param name="lower">The lower name or symlink target.</param>
    /// <param name="scratch">At least three octets for each four characters; receives the packet.</param>
    /// <param name="packet">What it says.</param>
    internal static bool TryParse(ReadOnlySpan<byte> lower, Span<byte> scratch, out NamePacket packet)
    {
        packet = default;
        if (!lower.StartsWith(Prefix)
            || !Encode6.TryDecode(lower[Prefix.Length..], scratch, out int length)
            || length < 2 || scratch[0] != Tag
            || !PacketLength.TryRead(scratch[1..length], out int body, out int lengthSize)
            || body <= BodyFixed || body > length - 1 - lengthSize)
        {
            return false;
        }

        int at = 1 + lengthSize;
        packet = new NamePacket(
            new EcryptfsSignature(scratch.Slice(at, EcryptfsSignature.Size)),
            scratch[at + EcryptfsSignature.Size],
            at + BodyFixed,
            body - BodyFixed);
        return true;
    }
}
