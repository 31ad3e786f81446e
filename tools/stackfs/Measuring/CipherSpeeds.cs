using StackFs.Codecs;
using StackFs.Codecs.Ecryptfs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Names;
using NameCipher = StackFs.Names.NameCipher;

namespace StackFs.Cli.Measuring;

/// <summary>How fast the codecs are on one core: what a mount does to each extent and each name, without the lower file.</summary>
internal static class CipherSpeeds
{
    // The length of a usual file name, in bytes.
    private const int NameLength = 20;

    /// <summary>The native format's ciphers, then those of eCryptfs, in the order in which its mount helper offers them.</summary>
    public static IEnumerable<Speed> Measure()
    {
        yield return Native();
        yield return Names();
        foreach (string name in CipherSpec.OfferedNames)
        {
            if (CipherSpec.TryParseName(name, out CipherKind kind))
            {
                yield return Ecryptfs(new CipherSpec(kind, CipherSpec.UsableKeyBytes(kind)[0]));
            }
        }
    }

    private static Speed Native()
    {
        using SecretBuffer fek = SecretBuffer.Random(NativeFormat.KeySize);
        using FileKeys keys = new(default, currentEpoch: false, fek, nextFek: null);
        using Codecs.Native.ExtentCipher cipher = new(keys);
        return Extents("AES-256-GCM, files", cipher);
    }

    private static Speed Names()
    {
        using SecretBuffer namesKey = SecretBuffer.Random(NativeFormat.KeySize);
        using SecretBuffer sivKey = NameCipher.DeriveKey(namesKey);
        using NameCipher cipher = new(sivKey);
        EncryptedNames names = new(cipher);
        byte[] upper = new byte[NameLength];
        Array.Fill(upper, (byte)'n');
        byte[] lower = new byte[LowerNames.MaxLength];
        byte[] decoded = new byte[LowerNames.MaxLength + 1];
        _ = names.Encode(upper, inRoot: false, lower, out int length);
        return new Speed(
            "AES-256-SIV, names",
            Speed.Operations,
            Speed.Rate(() => _ = names.Encode(upper, inRoot: false, lower, out _)),
            Speed.Rate(() => _ = names.Decode(lower.AsSpan(0, length), inRoot: false, decoded, out _)));
    }

    private static Speed Ecryptfs(CipherSpec spec)
    {
        using FileKey key = FileKey.CreateRandom(spec);
        using Codecs.Ecryptfs.ExtentCipher cipher = new(key, dataStart: 0);
        return Extents($"{spec.Name}, {spec.KeyBytes * 8} bits, eCryptfs", cipher);
    }

    private static Speed Extents(string name, IExtentCipher cipher)
    {
        byte[] plaintext = new byte[cipher.Geometry.ExtentSize];
        byte[] stored = new byte[cipher.Geometry.StoredSize];
        RandomBytes.Fill(plaintext);
        double megabytes = plaintext.Length / 1e6;
        return new Speed(
            name,
            Speed.Megabytes,
            megabytes * Speed.Rate(() => cipher.Seal(0, plaintext, isFinal: false, stored)),
            megabytes * Speed.Rate(() => _ = cipher.Open(0, stored, plaintext, out _)));
    }
}
