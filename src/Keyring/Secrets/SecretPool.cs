using System.Numerics;
using System.Security.Cryptography;

namespace StackFs.Keyring.Secrets;

/// <summary>
/// Shares secret pages between many small secrets: a mount with 100,000 open files holds as many 32-byte keys, and a
/// page each would pass any lock limit.
/// </summary>
/// <remarks>
/// Sizes are powers of two from 32 to 4,096 bytes. A slab is 16 KiB of one size and stays mapped until the process ends:
/// the lock limit must allow the peak. Larger secrets have a mapping of their own, unmapped on return. One lock guards
/// the free lists; keys are made and dropped when files are opened and closed, never per read or write.
/// </remarks>
internal static class SecretPool
{
    /// <summary>No secret is longer: room for any PEM file, and a bound on what a caller's mistake can lock.</summary>
    internal const int MaximumLength = 1 << 20;

    private const int SmallestShift = 5;
    private const int LargestShift = 12;
    private const nuint SlabSize = 16 * 1024;

    private static readonly Lock Gate = new();
    private static readonly Stack<nint>[] Free =
        [.. Enumerable.Range(0, LargestShift - SmallestShift + 1).Select(_ => new Stack<nint>())];

    private static readonly int[] Carved = new int[LargestShift - SmallestShift + 1];

    /// <summary>Bytes of secret pages this process has mapped.</summary>
    internal static long MappedBytes { get; private set; }

    /// <summary>Takes <paramref name="length"/> zeroed bytes, returned by <see cref="Return"/> with the same length.</summary>
    /// <exception cref="SecretMemoryException">No more memory can be locked.</exception>
    internal static nint Rent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaximumLength);
        int shift = ShiftOf(length);
        lock (Gate)
        {
            if (shift > LargestShift)
            {
                nuint mapped = SecretMemory.RoundToPages((nuint)length);
                nint own = SecretMemory.Map(mapped);
                MappedBytes += (long)mapped;
                return own;
            }

            Stack<nint> free = Free[shift - SmallestShift];
            if (free.Count == 0)
            {
                Carve(free, shift);
            }

            return free.Pop();
        }
    }

    /// <summary>Zeroes and gives back what <see cref="Rent"/> gave.</summary>
    internal static unsafe bool Return(nint address, int length)
    {
        CryptographicOperations.ZeroMemory(new Span<byte>((void*)address, length));
        int shift = ShiftOf(length);
        lock (Gate)
        {
            if (shift > LargestShift)
            {
                nuint mapped = SecretMemory.RoundToPages((nuint)length);
                MappedBytes -= (long)mapped;
                return SecretMemory.Unmap(address, mapped);
            }

            Free[shift - SmallestShift].Push(address);
            return true;
        }
    }

    private static int ShiftOf(int length) =>
        Math.Max(SmallestShift, 32 - BitOperations.LeadingZeroCount((uint)(length - 1)));

    private static void Carve(Stack<nint> free, int shift)
    {
        int size = 1 << shift;
        int count = (int)SlabSize / size;
        // Room for every address of this size first: pushing must not fail halfway, nor when a finalizer returns one.
        free.EnsureCapacity(Carved[shift - SmallestShift] + count);
        nint slab = SecretMemory.Map(SlabSize);
        Carved[shift - SmallestShift] += count;
        MappedBytes += (long)SlabSize;
        for (int i = count - 1; i >= 0; i--)
        {
            free.Push(slab + (i * size));
        }
    }
}
