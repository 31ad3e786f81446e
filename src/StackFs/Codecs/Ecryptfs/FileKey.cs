using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>A file's own key (FEK) and its cipher. Owns the secret and wipes it on disposal.</summary>
internal sealed class FileKey : IDisposable
{
    private const int DesKey = 8;

    /// <summary>Takes ownership of a secret.</summary>
    /// <param name="cipher">The file's cipher.</param>
    /// <param name="secret">Exactly the cipher's key length.</param>
    internal FileKey(CipherSpec cipher, SecretBuffer secret)
    {
        if (secret.Length != cipher.KeyBytes)
        {
            throw new ArgumentException("The key is not as long as the cipher's.", nameof(secret));
        }

        Cipher = cipher;
        Secret = secret;
    }

    /// <summary>The file's cipher.</summary>
    internal CipherSpec Cipher { get; }

    /// <summary>The key; owned by this object.</summary>
    internal SecretBuffer Secret { get; }

    /// <summary>Makes a random key that the cipher accepts.</summary>
    internal static FileKey CreateRandom(CipherSpec cipher)
    {
        while (true)
        {
            SecretBuffer secret = SecretBuffer.Random(cipher.KeyBytes);
            if (IsAccepted(cipher, secret))
            {
                return new FileKey(cipher, secret);
            }

            secret.Dispose();
        }
    }

    /// <summary>
    /// Whether a cipher takes a key. The kernel refuses a triple DES key that is a double or single DES key in
    /// disguise; every other cipher takes any octets.
    /// </summary>
    /// <param name="cipher">The cipher.</param>
    /// <param name="key">At least its key length.</param>
    internal static bool IsAccepted(CipherSpec cipher, SecretBuffer key) =>
        cipher.Kind != CipherKind.TripleDes || key.Use(0, static (octets, _) =>
            !octets[..DesKey].SequenceEqual(octets.Slice(DesKey, DesKey))
            && !octets.Slice(DesKey, DesKey).SequenceEqual(octets.Slice(2 * DesKey, DesKey)));

    /// <summary>Wraps the key under a passphrase key, as a tag 3 packet holds it.</summary>
    internal KeyPacket Wrap(EcryptfsKey under)
    {
        byte[] wrapped = new byte[Cipher.WrappedKeyBytes];
        // An AES-192 key is followed by zeros to a whole number of blocks.
        using SecretBuffer block = SecretBuffer.Allocate(wrapped.Length);
        block.Fill(Secret, static (to, from) => from.Use(to, static (key, target) => key.CopyTo(target)));
        using BlockCipher cipher = BlockCipher.Create(Cipher, under.Secret);
        block.Use((cipher, wrapped), static (plain, state) => state.cipher.EncryptEcb(plain, state.wrapped));
        return new KeyPacket(KeyPacketKind.Passphrase, under.Signature, Cipher, under.Salt, wrapped);
    }

    /// <summary>Unwraps the key of a tag 3 packet. A wrong key gives a wrong file key, silently.</summary>
    internal static EcryptfsStatus TryUnwrap(in KeyPacket packet, EcryptfsKey under, out FileKey? key)
    {
        key = null;
        if (!IsAccepted(packet.Cipher, under.Secret))
        {
            return EcryptfsStatus.KeyRejected;
        }

        using SecretBuffer block = SecretBuffer.Allocate(packet.Wrapped.Length);
        using (BlockCipher cipher = BlockCipher.Create(packet.Cipher, under.Secret))
        {
            block.Fill((cipher, packet.Wrapped), static (plain, state) =>
                state.cipher.DecryptEcb(state.Wrapped.Span, plain));
        }

        SecretBuffer secret = block.Slice(0, packet.Cipher.KeyBytes);
        if (!IsAccepted(packet.Cipher, secret))
        {
            secret.Dispose();
            return EcryptfsStatus.KeyRejected;
        }

        key = new FileKey(packet.Cipher, secret);
        return EcryptfsStatus.Ok;
    }

    /// <summary>Wraps the key under a public key, as a tag 1 packet holds it.</summary>
    internal KeyPacket Wrap(EcryptfsPrivateKey under)
    {
        // Cipher code, key, and the sum of its octets as the only check.
        using SecretBuffer message = SecretBuffer.Allocate(1 + Cipher.KeyBytes + sizeof(ushort));
        message.Fill(this, static (to, self) =>
        {
            to[0] = self.Cipher.Code;
            self.Secret.Use(to, static (octets, target) =>
            {
                octets.CopyTo(target[1..]);
                WriteSum(octets, target[(1 + octets.Length)..]);
            });
        });
        return new KeyPacket(KeyPacketKind.PublicKey, under.Signature, default, default, under.Encrypt(message));
    }

    /// <summary>Unwraps the key of a tag 1 packet, and with it the file's cipher.</summary>
    internal static EcryptfsStatus TryUnwrap(in KeyPacket packet, EcryptfsPrivateKey under, out FileKey? key)
    {
        key = null;
        using SecretBuffer? message = under.TryDecrypt(packet.Wrapped.Span);
        if (message is null || message.Length < 1 + 1 + sizeof(ushort))
        {
            return EcryptfsStatus.KeyRejected;
        }

        int keyBytes = message.Length - 1 - sizeof(ushort);
        (byte code, bool sumRight) = message.Use(keyBytes, static (octets, length) =>
        {
            Span<byte> sum = stackalloc byte[sizeof(ushort)];
            WriteSum(octets.Slice(1, length), sum);
            return (octets[0], octets[(1 + length)..].SequenceEqual(sum));
        });
        if (!sumRight || !CipherSpec.TryFromKey(code, keyBytes, out CipherSpec cipher))
        {
            return EcryptfsStatus.KeyRejected;
        }

        SecretBuffer secret = message.Slice(1, keyBytes);
        if (!IsAccepted(cipher, secret))
        {
            secret.Dispose();
            return EcryptfsStatus.KeyRejected;
        }

        key = new FileKey(cipher, secret);
        return EcryptfsStatus.Ok;
    }

    /// <inheritdoc/>
    public void Dispose() => Secret.Dispose();

    private static void WriteSum(ReadOnlySpan<byte> octets, Span<byte> destination)
    {
        uint sum = 0;
        foreach (byte octet in octets)
        {
            sum += octet;
        }

        destination[0] = (byte)((sum >> 8) & 0xFF);
        destination[1] = (byte)(sum & 0xFF);
    }
}
