using System.Buffers;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>Short ways to write byte strings and to move them in and out of secrets, for tests only.</summary>
internal static class Bytes
{
    internal static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    internal static SecretBuffer Secret(ReadOnlySpan<byte> value)
    {
        SecretBuffer secret = SecretBuffer.Allocate(value.Length);
        secret.Fill(value, static (Span<byte> target, ReadOnlySpan<byte> source) => source.CopyTo(target));
        return secret;
    }

    internal static byte[] Reveal(SecretBuffer secret) => secret.Use(0, static (bytes, _) => bytes.ToArray());
}
