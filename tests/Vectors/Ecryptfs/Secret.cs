using System.Text;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Vectors.Ecryptfs;

/// <summary>Moves test values, which are no secrets, in and out of secret memory.</summary>
internal static class Secret
{
    internal static SecretBuffer Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    internal static SecretBuffer Of(byte[] octets)
    {
        SecretBuffer buffer = SecretBuffer.Allocate(octets.Length);
        buffer.Fill(octets, static (to, from) => from.CopyTo(to));
        return buffer;
    }

    internal static byte[] Bytes(SecretBuffer secret) => secret.Use(0, static (octets, _) => octets.ToArray());

    internal static string Hex(SecretBuffer secret) => Convert.ToHexStringLower(Bytes(secret));
}
