using System.Buffers.Text;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using StackFs.Keyring.Crypto;

namespace StackFs.Keyring.Sources;

/// <summary>
/// What opening an encrypted PKCS#8 file would cost, judged before OpenSSL is let at it: the file says how often its
/// key derivation is repeated, and 2^31 times is hours.
/// </summary>
internal static class PemCost
{
    /// <summary>No PBKDF2 or older derivation runs longer: some 3 seconds. OpenSSL writes 2,048, others up to a million.</summary>
    internal const int MaximumIterations = 10_000_000;

    private const string Pbes2 = "1.2.840.113549.1.5.13";
    private const string ScryptOid = "1.3.6.1.4.1.11591.4.11";

    private static ReadOnlySpan<byte> Header => "-----BEGIN ENCRYPTED PRIVATE KEY-----"u8;

    /// <summary>
    /// Judges every encrypted block of a PEM text. One that is not written as RFC 7468 has it is <see
    /// cref="PemStatus.Damaged"/>, although OpenSSL might read it: what is not understood here cannot be bounded.
    /// </summary>
    internal static PemStatus Check(ReadOnlySpan<byte> pem)
    {
        int blocks = 0;
        ReadOnlySpan<byte> rest = pem;
        while (PemEncoding.TryFindUtf8(rest, out PemFields fields))
        {
            if (rest[fields.Label].SequenceEqual("ENCRYPTED PRIVATE KEY"u8))
            {
                blocks++;
                byte[] encrypted = new byte[fields.DecodedDataLength];
                _ = Base64.DecodeFromUtf8(Compact(rest[fields.Base64Data]), encrypted, out _, out _);
                PemStatus status = CheckInfo(encrypted);
                if (status != PemStatus.Ok)
                {
                    return status;
                }
            }

            rest = rest[fields.Location.End..];
        }

        return blocks == pem.Count("BEGIN ENCRYPTED PRIVATE KEY"u8) && blocks == pem.Count(Header)
            ? PemStatus.Ok
            : PemStatus.Damaged;
    }

    /// <summary>RFC 5958 §3, EncryptedPrivateKeyInfo; only its algorithm is looked at.</summary>
    private static PemStatus CheckInfo(byte[] info)
    {
        try
        {
            AsnReader algorithm = new AsnReader(info, AsnEncodingRules.BER).ReadSequence().ReadSequence();
            string scheme = algorithm.ReadObjectIdentifier();
            AsnReader parameters = algorithm.ReadSequence();
            if (scheme == Pbes2)
            {
                AsnReader derivation = parameters.ReadSequence();
                scheme = derivation.ReadObjectIdentifier();
                parameters = derivation.ReadSequence();
            }

            _ = parameters.ReadOctetString(); // The salt comes first in all of them (RFC 8018, RFC 7914 §7).
            BigInteger first = parameters.ReadInteger();
            if (scheme != ScryptOid)
            {
                return first <= MaximumIterations ? PemStatus.Ok : PemStatus.CostTooHigh;
            }

            BigInteger r = parameters.ReadInteger();
            BigInteger p = parameters.ReadInteger();
            return IsAllowed(first, r, p) ? PemStatus.Ok : PemStatus.CostTooHigh;
        }
        catch (AsnContentException)
        {
            return PemStatus.Damaged;
        }
    }

    private static bool IsAllowed(BigInteger n, BigInteger r, BigInteger p) =>
        n >= 2 && n <= int.MaxValue && n.IsPowerOfTwo && r <= byte.MaxValue && p <= byte.MaxValue
        && Scrypt.IsCostAllowed(BitOperations.Log2((uint)n), (int)r, (int)p);

    /// <summary>The base64 characters without line ends, which the decoder tells apart from damage.</summary>
    internal static byte[] Compact(ReadOnlySpan<byte> data)
    {
        List<byte> kept = new(data.Length);
        foreach (byte character in data)
        {
            if (character is not ((byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'\t'))
            {
                kept.Add(character);
            }
        }

        return [.. kept];
    }
}
