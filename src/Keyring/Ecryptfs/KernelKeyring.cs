using System.Buffers.Binary;
using System.Text;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Keyring.Ecryptfs;

/// <summary>
/// eCryptfs keys in the kernel's user keyring, as the original tools leave them there: keys of type <c>user</c>, named by
/// their signature (Codecs/Ecryptfs/FORMAT.md section 8).
/// </summary>
public static class KernelKeyring
{
    private const int PayloadSize = 740;
    private const ushort TokenVersion = 4;
    private const int PasswordLengths = 628;
    private const int KeyOffset = 648;
    private const int SignatureOffset = 712;
    private const int SaltOffset = 729;
    private const int HashSha512 = 10;
    private const int KeyIsSet = 2;

    /// <summary>Puts a key into the user keyring; one of the same name is replaced.</summary>
    /// <returns>EDQUOT; ENOSYS and EPERM where key management is not for this process.</returns>
    public static Errno Add(EcryptfsKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        using SecretBuffer payload = SecretBuffer.Allocate(PayloadSize);
        payload.Fill(key, static (token, from) =>
        {
            BinaryPrimitives.WriteUInt16LittleEndian(token, TokenVersion);
            BinaryPrimitives.WriteInt32LittleEndian(token[(PasswordLengths + 4)..], HashSha512);
            BinaryPrimitives.WriteInt32LittleEndian(token[(PasswordLengths + 12)..], EcryptfsKey.Size);
            BinaryPrimitives.WriteInt32LittleEndian(token[(PasswordLengths + 16)..], KeyIsSet);
            from.Secret.Use(token, static (octets, to) => octets.CopyTo(to[KeyOffset..]));
            _ = Encoding.ASCII.GetBytes(from.Signature.ToString(), token[SignatureOffset..]);
            from.Salt.CopyTo(token[SaltOffset..]);
        });
        return payload.Use(Name(key.Signature), static (token, name) => Posix.AddUserKey(name, token));
    }

    /// <summary>Finds a key by its name.</summary>
    /// <param name="signature">The name.</param>
    /// <param name="key">The key, the caller's to dispose; null when there is none, or it is no passphrase key.</param>
    public static Errno Find(EcryptfsSignature signature, out EcryptfsKey? key)
    {
        key = null;
        using SecretBuffer payload = SecretBuffer.Allocate(PayloadSize);
        Errno error;
        using (SecretBuffer.RevealedSecret token = payload.UnsafeReveal())
        {
            error = Posix.ReadUserKey(Name(signature), token.Bytes, out int length);
            if (error != Errno.None)
            {
                return error;
            }

            if (length != PayloadSize || BinaryPrimitives.ReadUInt16LittleEndian(token.Bytes) != TokenVersion
                || BinaryPrimitives.ReadUInt16LittleEndian(token.Bytes[2..]) != 0)
            {
                return Errno.EKEYREJECTED;
            }
        }

        key = EcryptfsKey.FromRaw(payload.Slice(KeyOffset, EcryptfsKey.Size), signature);
        return Errno.None;
    }

    private static byte[] Name(EcryptfsSignature signature) => Encoding.ASCII.GetBytes(signature + "\0");
}
