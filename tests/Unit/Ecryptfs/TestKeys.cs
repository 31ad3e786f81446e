using System.Text;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Unit.Ecryptfs;

/// <summary>Keys for tests, made without the slow derivation.</summary>
internal static class TestKeys
{
    internal static SecretBuffer Secret(ReadOnlySpan<byte> octets)
    {
        SecretBuffer buffer = SecretBuffer.Allocate(octets.Length);
        buffer.Fill(octets, static (to, from) => from.CopyTo(to));
        return buffer;
    }

    internal static SecretBuffer Secret(string text) => Secret(Encoding.UTF8.GetBytes(text));

    /// <summary>A key whose octets count up from a seed, under a signature made of it.</summary>
    internal static EcryptfsKey Key(byte seed)
    {
        byte[] octets = [.. Enumerable.Range(seed, EcryptfsKey.Size).Select(static value => (byte)(value & 0xFF))];
        byte[] signature = [seed, 1, 2, 3, 4, 5, 6, 7];
        return EcryptfsKey.FromRaw(Secret(octets), new EcryptfsSignature(signature));
    }

    /// <summary>A header page of a fresh file under the given keys.</summary>
    internal static byte[] Header(CipherSpec cipher, params EcryptfsKey[] keys)
    {
        byte[] page = new byte[EcryptfsFormat.ParsedSize];
        using FileKey fek = FileKey.CreateRandom(cipher);
        KeyPacket[] packets = [.. keys.Select(fek.Wrap)];
        _ = EcryptfsHeader.BuildNew(page, EcryptfsFlags.Encrypted, packets);
        return page;
    }
}
