using StackFs.Keyring.Ecryptfs;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>How a file key is wrapped in a packet.</summary>
internal enum KeyPacketKind
{
    /// <summary>Tags 3 and 11: under a passphrase key.</summary>
    Passphrase = 0,

    /// <summary>Tag 1: under a public key.</summary>
    PublicKey = 1,
}

/// <summary>One way to a file's key, as its header holds it. Nothing in it is secret.</summary>
/// <param name="Kind">How the key is wrapped.</param>
/// <param name="Signature">Which key opens it.</param>
/// <param name="Cipher">The file's cipher; default for a public key, which hides it inside the ciphertext.</param>
/// <param name="Salt">The salt of the passphrase key, informational; default for a public key.</param>
/// <param name="Wrapped">The wrapped file key.</param>
internal readonly record struct KeyPacket(
    KeyPacketKind Kind,
    EcryptfsSignature Signature,
    CipherSpec Cipher,
    EcryptfsSalt Salt,
    ReadOnlyMemory<byte> Wrapped)
{
    /// <summary>Octets this packet takes in a header.</summary>
    internal int EncodedSize => KeyPacketCodec.EncodedSize(Kind, Wrapped.Length);
}
