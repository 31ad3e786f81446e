using System.Diagnostics.CodeAnalysis;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;

namespace StackFs.Keyring.Volumes;

/// <summary>A volume key held by this process itself. <see cref="Revoke"/> or disposal wipes it.</summary>
public sealed class LocalVolumeKeyLease : IVolumeKeyLease
{
    /// <summary>Bytes of a volume key.</summary>
    public const int KeyLength = WrappedKey.KeyLength;

    private readonly SecretBuffer _volumeKey;
    private readonly SecretBuffer _wrappingKey;
    private volatile bool _revoked;

    /// <summary>Takes ownership of <paramref name="volumeKey"/>, 32 bytes.</summary>
    public LocalVolumeKeyLease(SecretBuffer volumeKey)
    {
        ArgumentNullException.ThrowIfNull(volumeKey);
        ArgumentOutOfRangeException.ThrowIfNotEqual(volumeKey.Length, KeyLength, nameof(volumeKey));
        _volumeKey = volumeKey;
        _wrappingKey = HkdfSha256.Derive(volumeKey, "wrap"u8, KeyLength);
        Id = VolumeKeyId.Of(volumeKey);
    }

    /// <inheritdoc/>
    public VolumeKeyId Id { get; }

    /// <inheritdoc/>
    public bool IsRevoked => _revoked;

    /// <summary>A new volume key from the kernel's generator.</summary>
    public static LocalVolumeKeyLease Create() => new(SecretBuffer.Random(KeyLength));

    /// <inheritdoc/>
    public bool TryUnwrap(
        ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> additionalData, [NotNullWhen(true)] out SecretBuffer? key)
    {
        try
        {
            return WrappedKey.TryUnwrap(_wrappingKey, wrapped, additionalData, out key);
        }
        catch (ObjectDisposedException) when (_revoked)
        {
            key = null;
            return false;
        }
    }

    /// <inheritdoc/>
    public bool Wrap(SecretBuffer key, ReadOnlySpan<byte> additionalData, Span<byte> wrapped)
    {
        try
        {
            WrappedKey.Wrap(_wrappingKey, key, additionalData, wrapped);
            return true;
        }
        catch (ObjectDisposedException) when (_revoked)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryDerive(ReadOnlySpan<byte> label, int length, [NotNullWhen(true)] out SecretBuffer? key)
    {
        try
        {
            key = HkdfSha256.Derive(_volumeKey, label, length);
            return true;
        }
        catch (ObjectDisposedException) when (_revoked)
        {
            key = null;
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryMakeSlot(ISlotMaker maker, [NotNullWhen(true)] out KeySlot? slot)
    {
        ArgumentNullException.ThrowIfNull(maker);
        try
        {
            slot = maker.MakeSlot(_volumeKey, Id);
            return true;
        }
        catch (ObjectDisposedException) when (_revoked)
        {
            slot = null;
            return false;
        }
    }

    /// <summary>The key in memory that can be sent to another process; null when it is gone. The caller disposes it.</summary>
    internal SecretPage? MakeLoan()
    {
        try
        {
            using SecretBuffer.RevealedSecret key = _volumeKey.UnsafeReveal();
            SecretPage page = SecretPage.Create();
            key.Bytes.CopyTo(page.UnsafeBytes);
            return page;
        }
        catch (ObjectDisposedException) when (_revoked)
        {
            return null;
        }
    }

    /// <summary>A lease on the key in memory that came from another process, which stays the caller's.</summary>
    internal static LocalVolumeKeyLease FromLoan(SecretPage page)
    {
        SecretBuffer key = SecretBuffer.Allocate(KeyLength);
        using (SecretBuffer.RevealedSecret bytes = key.UnsafeReveal())
        {
            page.UnsafeBytes[..KeyLength].CopyTo(bytes.Bytes);
        }

        return new LocalVolumeKeyLease(key);
    }

    /// <summary>Wipes the key, once no call in flight uses it. What was unwrapped from it is its holder's to wipe.</summary>
    public void Revoke()
    {
        _revoked = true;
        _wrappingKey.Dispose();
        _volumeKey.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => Revoke();
}
