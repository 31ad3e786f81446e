using StackFs.Keyring.Crypto;
using StackFs.Keyring.Secrets;

namespace StackFs.Codecs.Native;

/// <summary>
/// The unwrapped keys of one file, as long as it is open or recently used: what its FEKs derive to. The FEKs themselves
/// are not kept.
/// </summary>
/// <remarks>Immutable and safe on any thread. Disposal wipes; ciphers made before keep their own key schedule.</remarks>
internal sealed class FileKeys : IDisposable
{
    /// <summary>Derives the keys of a file.</summary>
    /// <param name="id">The file.</param>
    /// <param name="currentEpoch">The header's EPOCH flag: the epoch of <paramref name="fek"/>.</param>
    /// <param name="fek">32 bytes; stays the caller's.</param>
    /// <param name="nextFek">The key of the other epoch, if there is one; stays the caller's.</param>
    internal FileKeys(FileId id, bool currentEpoch, SecretBuffer fek, SecretBuffer? nextFek)
    {
        Id = id;
        CurrentEpoch = currentEpoch;
        HeaderKey = HkdfSha256.Derive(fek, NativeFormat.HeaderKeyLabel, NativeFormat.KeySize);
        CurrentExtentKey = HkdfSha256.Derive(fek, NativeFormat.ExtentKeyLabel, NativeFormat.KeySize);
        NextExtentKey = nextFek is null
            ? null
            : HkdfSha256.Derive(nextFek, NativeFormat.ExtentKeyLabel, NativeFormat.KeySize);
    }

    /// <summary>The file the keys belong to: compared after an outside change of its header.</summary>
    internal FileId Id { get; }

    /// <summary>The epoch of the wrapped FEK; the next FEK has the other one.</summary>
    internal bool CurrentEpoch { get; }

    /// <summary>The key of the header's MAC.</summary>
    internal SecretBuffer HeaderKey { get; }

    /// <summary>The extent key of the wrapped FEK.</summary>
    internal SecretBuffer CurrentExtentKey { get; }

    /// <summary>The extent key of the next FEK, under which everything new is then written.</summary>
    internal SecretBuffer? NextExtentKey { get; }

    /// <summary>Wipes the keys.</summary>
    public void Dispose()
    {
        HeaderKey.Dispose();
        CurrentExtentKey.Dispose();
        NextExtentKey?.Dispose();
    }
}
