using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace StackFs.Content;

/// <summary>
/// The plaintext of a file's partial last extent, so that a program which appends a little at a time does not have it
/// read and decrypted again for every piece.
/// </summary>
/// <remarks>
/// Guarded by the file's <see cref="ExtentRangeLock"/>: changed only under an exclusive claim on the extent it holds or is
/// to hold, read under any claim on it. Outside the collected heap, where nothing is copied about; wiped by
/// <see cref="Clear"/> and <see cref="Dispose"/>.
/// </remarks>
internal sealed unsafe class LastExtentCache : IDisposable
{
    private const long Nothing = -1;

    private byte* _plaintext;
    private long _index = Nothing;

    /// <summary>Whether it holds that extent.</summary>
    public bool Holds(long index) => Volatile.Read(ref _index) == index;

    /// <summary>The extent's 4,064 bytes, zeros past its end. Only after <see cref="Holds"/>.</summary>
    public ReadOnlySpan<byte> Plaintext => Bytes;

    private Span<byte> Bytes => new(_plaintext, _plaintext is null ? 0 : ExtentLayout.ExtentSize);

    /// <summary>Keeps an extent; shorter plaintext is continued with zeros.</summary>
    public void Store(long index, ReadOnlySpan<byte> plaintext)
    {
        if (_plaintext is null)
        {
            _plaintext = (byte*)NativeMemory.Alloc(ExtentLayout.ExtentSize);
        }

        plaintext.CopyTo(Bytes);
        Bytes[plaintext.Length..].Clear();
        Volatile.Write(ref _index, index);
    }

    /// <summary>Forgets the extent and wipes it.</summary>
    public void Clear()
    {
        Volatile.Write(ref _index, Nothing);
        CryptographicOperations.ZeroMemory(Bytes);
    }

    /// <summary>Forgets the extent, wipes it and frees its memory.</summary>
    public void Dispose()
    {
        Clear();
        NativeMemory.Free(_plaintext);
        _plaintext = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory of a file that ended without being disposed.</summary>
    ~LastExtentCache() => Dispose();
}
