using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Slots;

/// <summary>
/// A recovery key: 20 random bytes that a person keeps on paper, as 44 hexadecimal digits in 11 groups, of which the
/// last checks the others (SLOTS.md, type 3).
/// </summary>
public sealed class RecoveryKey : IKeySource, ISlotMaker
{
    /// <summary>Characters of the printed form, hyphens included.</summary>
    public const int TextLength = (Groups * GroupLength) + Groups - 1;

    private const int KeyLength = 20;
    private const int CheckLength = 2;
    private const int HashLength = 32;
    private const int Groups = 11;
    private const int GroupLength = 4;

    private readonly SecretBuffer _key;

    private RecoveryKey(SecretBuffer key) => _key = key;

    /// <inheritdoc/>
    public SlotType Type => SlotType.Recovery;

    /// <summary>A new one, which the caller disposes.</summary>
    public static RecoveryKey Create() => new(SecretBuffer.Random(KeyLength));

    /// <summary>
    /// Reads the printed form, whatever its case, spaces and hyphens; false when a digit is missing or its check says
    /// that one was mistyped.
    /// </summary>
    public static bool TryParse(SecretBuffer text, [NotNullWhen(true)] out RecoveryKey? key)
    {
        ArgumentNullException.ThrowIfNull(text);
        using SecretBuffer decoded = SecretBuffer.Allocate(KeyLength + CheckLength);
        using SecretBuffer.RevealedSecret source = text.UnsafeReveal();
        using SecretBuffer.RevealedSecret target = decoded.UnsafeReveal();
        key = null;
        if (!TryDecode(source.Bytes, target.Bytes))
        {
            return false;
        }

        Span<byte> check = stackalloc byte[CheckLength];
        ComputeCheck(target.Bytes[..KeyLength], check);
        if (!CryptographicOperations.FixedTimeEquals(check, target.Bytes[KeyLength..]))
        {
            return false;
        }

        key = new RecoveryKey(decoded.Slice(0, KeyLength));
        return true;
    }

    /// <summary>The printed form, <see cref="TextLength"/> ASCII characters, which the caller disposes.</summary>
    public SecretBuffer ToText()
    {
        SecretBuffer text = SecretBuffer.Allocate(TextLength);
        using SecretBuffer whole = SecretBuffer.Allocate(KeyLength + CheckLength);
        using SecretBuffer.RevealedSecret key = _key.UnsafeReveal();
        using SecretBuffer.RevealedSecret bytes = whole.UnsafeReveal();
        using SecretBuffer.RevealedSecret output = text.UnsafeReveal();
        key.Bytes.CopyTo(bytes.Bytes);
        ComputeCheck(key.Bytes, bytes.Bytes[KeyLength..]);
        int at = 0;
        for (int i = 0; i < bytes.Bytes.Length; i++)
        {
            if (i > 0 && i % (GroupLength / 2) == 0)
            {
                output.Bytes[at++] = (byte)'-';
            }

            output.Bytes[at++] = HexDigit(bytes.Bytes[i] >> 4);
            output.Bytes[at++] = HexDigit(bytes.Bytes[i] & 15);
        }

        return text;
    }

    /// <inheritdoc/>
    public bool TryOpen(KeySlot slot, VolumeKeyId id, [NotNullWhen(true)] out SecretBuffer? volumeKey)
    {
        ArgumentNullException.ThrowIfNull(slot);
        return RecoverySlot.TryOpen(slot, _key, id, out volumeKey);
    }

    /// <inheritdoc/>
    public KeySlot MakeSlot(SecretBuffer volumeKey, VolumeKeyId id)
    {
        ArgumentNullException.ThrowIfNull(volumeKey);
        return RecoverySlot.Make(_key, volumeKey, id);
    }

    /// <summary>Wipes the key.</summary>
    public void Dispose() => _key.Dispose();

    private static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        int digits = 0;
        foreach (byte character in text)
        {
            if (character is (byte)' ' or (byte)'-')
            {
                continue;
            }

            int value = HexValue(character);
            if (value < 0 || digits == bytes.Length * 2)
            {
                return false;
            }

            bytes[digits / 2] = (byte)((digits % 2 == 0 ? value << 4 : bytes[digits / 2] | value) & 0xff);
            digits++;
        }

        return digits == bytes.Length * 2;
    }

    private static void ComputeCheck(ReadOnlySpan<byte> key, Span<byte> check)
    {
        using SecretBuffer input = SecretBuffer.Allocate("StackFs recovery"u8.Length + KeyLength);
        using SecretBuffer.RevealedSecret bytes = input.UnsafeReveal();
        "StackFs recovery"u8.CopyTo(bytes.Bytes);
        key.CopyTo(bytes.Bytes["StackFs recovery"u8.Length..]);
        Span<byte> hash = stackalloc byte[HashLength];
        LibCrypto.Sha256(bytes.Bytes, hash);
        hash[..CheckLength].CopyTo(check);
        CryptographicOperations.ZeroMemory(hash);
    }

    private static byte HexDigit(int value) => (byte)(value < 10 ? '0' + value : 'a' + value - 10);

    private static int HexValue(byte character) => character switch
    {
        >= (byte)'0' and <= (byte)'9' => character - '0',
        >= (byte)'a' and <= (byte)'f' => character - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => character - 'A' + 10,
        _ => -1,
    };
}
