using System.Security.Cryptography;

namespace StackFs.Content;

/// <summary>
/// The plaintext of a file's partial last extent, so that a program which appends a little at a time does not have it
/// read and decrypted again for every piece.
/// </summary>
/// <remarks>
/// Guarded by the file's <see cref="ExtentRangeLock"/>: changed only under an exclusive claim on the extent it holds or is
/// to hold, read under any claim on it. Pinned, and wiped by <see cref="Clear"/>.
/// </remarks>
internal sealed class LastExtentCache
{
    private const long Nothing = -1;

    private byte[]? _plaintext;
    private long _index = Nothing;

    /// <summary>Whether it holds that extent.</summary>
    public bool Holds(long index) => Volatile.Read(ref _index) == index;

    /// <summary>The extent's 4,064 bytes, zeros past its end. Only after <see cref="Holds"/>.</summary>
    public ReadOnlySpan<byte> Plaintext => _plaintext;

    /// <summary>Keeps an extent; shorter plaintext is continued with zeros.</summary>
    public void Store(long index, ReadOnlySpan<byte> plaintext)
    {
        _plaintext ??= GC.AllocateUninitializedArray<byte>(ExtentLayout.ExtentSize, pinned: true);
        plaintext.CopyTo(_plaintext);
        _plaintext.AsSpan(plaintext.Length).Clear();
        Volatile.Write(ref _index, index);
    }

    /// <summary>Forgets the extent and wipes it.</summary>
    public void Clear()
    {
        Volatile.Write(ref _index, Nothing);
        CryptographicOperations.ZeroMemory(_plaintext);
    }
}
