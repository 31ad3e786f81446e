using System.Security.Cryptography;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>What encoding or decoding a name came to.</summary>
internal enum NameStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The encrypted name is longer than the lower directory takes, or the name is empty.</summary>
    TooLong = 1,

    /// <summary>
    /// Not a name that this cipher writes: other beginning, key or cipher, malformed, or it decrypts and its exact
    /// form differs, so that a lookup by name could never find it.
    /// </summary>
    Foreign = 2,
}

/// <summary>
/// Encrypts names and symlink targets as eCryptfs does (FORMAT.md section 6): ECB, behind a prefix that is constant
/// for a key. One thread's at a time.
/// </summary>
internal sealed class NameCipher : IDisposable
{
    /// <summary>Octets of the longest lower symlink target.</summary>
    internal const int MaxLowerTarget = 4095;

    private const int DigestSize = MD5.HashSizeInBytes;
    private const int MinPrefix = 16;
    private const int MaxPrefix = 32;
    private const byte PrefixNul = 0x42;

    private readonly BlockCipher _cipher;
    private readonly CipherSpec _spec;
    private readonly EcryptfsSignature _signature;
    private readonly byte _code;
    private readonly SecretBuffer _prefix;
    private readonly byte[] _packet = GC.AllocateUninitializedArray<byte>(MaxLowerTarget, pinned: true);
    private readonly byte[] _again = GC.AllocateUninitializedArray<byte>(MaxLowerTarget, pinned: true);

    /// <summary>Keys a name cipher.</summary>
    /// <param name="spec">Cipher and key length of names.</param>
    /// <param name="key">The FNEK; stays the caller's and may go once this returns.</param>
    internal NameCipher(CipherSpec spec, EcryptfsKey key)
    {
        _spec = spec;
        _signature = key.Signature;
        _code = spec.Code;
        _cipher = BlockCipher.Create(spec, key.Secret);
        _prefix = SecretBuffer.Allocate(MaxPrefix);
        _prefix.Fill(key.Secret, static (prefix, fnek) =>
        {
            // The hash runs on before zeros are replaced.
            fnek.Use(prefix, static (octets, to) => _ = MD5.HashData(octets, to));
            _ = MD5.HashData(prefix[..DigestSize], prefix[DigestSize..]);
            prefix.Replace((byte)0, PrefixNul);
        });
    }

    /// <summary>Characters of the lower form of a name of this many octets.</summary>
    internal int LowerLength(int nameLength) => NamePacket.LowerLength(PaddedLength(nameLength));

    /// <summary>Encrypts a name or target.</summary>
    /// <param name="name">1 octet or more.</param>
    /// <param name="lower">As long as the lower limit; a longer lower form is <see cref="NameStatus.TooLong"/>.</param>
    /// <param name="length">Octets written.</param>
    internal NameStatus Encode(ReadOnlySpan<byte> name, Span<byte> lower, out int length)
    {
        length = 0;
        if (name.IsEmpty || name.Length > MaxLowerTarget)
        {
            return NameStatus.TooLong;
        }

        int data = PaddedLength(name.Length);
        int needed = NamePacket.LowerLength(data);
        if (needed > lower.Length || needed > MaxLowerTarget)
        {
            return NameStatus.TooLong;
        }

        Span<byte> packet = _packet.AsSpan(0, NamePacket.EncodedSize(data));
        packet[0] = NamePacket.Tag;
        int at = 1 + PacketLength.Write(packet[1..], NamePacket.BodyFixed + data);
        _signature.CopyTo(packet[at..]);
        at += EcryptfsSignature.Size;
        packet[at++] = _code;

        Span<byte> block = packet[at..];
        int prefix = data - 1 - name.Length;
        _prefix.Use(block[..prefix], static (octets, to) => octets[..to.Length].CopyTo(to));
        block[prefix] = 0;
        name.CopyTo(block[(prefix + 1)..]);
        _cipher.EncryptEcb(block, block);

        NamePacket.Prefix.CopyTo(lower);
        Encode6.Encode(packet, lower[NamePacket.Prefix.Length..]);
        length = needed;
        return NameStatus.Ok;
    }

    /// <summary>Decrypts a lower name or target, accepting only the exact form that <see cref="Encode"/> writes.</summary>
    /// <param name="lower">The lower form.</param>
    /// <param name="name">At least as long as the lower form.</param>
    /// <param name="length">Octets written.</param>
    internal NameStatus Decode(ReadOnlySpan<byte> lower, Span<byte> name, out int length)
    {
        length = 0;
        if (lower.Length > MaxLowerTarget
            || !NamePacket.TryParse(lower, _packet, out NamePacket packet)
            || packet.Signature != _signature || packet.CipherCode != _code
            || packet.DataLength % _spec.BlockSize != 0)
        {
            return NameStatus.Foreign;
        }

        Span<byte> block = _packet.AsSpan(packet.DataOffset, packet.DataLength);
        _cipher.DecryptEcb(block, block);
        int separator = block.IndexOf((byte)0);
        ReadOnlySpan<byte> plain = block[(separator + 1)..];
        if (separator < MinPrefix || plain.IsEmpty || plain.Length > name.Length || plain.Contains((byte)0))
        {
            CryptographicOperations.ZeroMemory(block);
            return NameStatus.Foreign;
        }

        plain.CopyTo(name);
        length = plain.Length;
        NameStatus status = Encode(name[..length], _again, out int again);
        if (status != NameStatus.Ok || !lower.SequenceEqual(_again.AsSpan(0, again)))
        {
            length = 0;
            return NameStatus.Foreign;
        }

        return NameStatus.Ok;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cipher.Dispose();
        _prefix.Dispose();
        CryptographicOperations.ZeroMemory(_packet);
    }

    private int PaddedLength(int nameLength)
    {
        int size = _spec.BlockSize;
        return (MinPrefix + 1 + nameLength + size - 1) / size * size;
    }
}
