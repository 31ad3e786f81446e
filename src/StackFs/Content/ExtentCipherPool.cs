using StackFs.Codecs;

namespace StackFs.Content;

/// <summary>
/// The cipher contexts of one open file. A context serves one thread at a time, so each operation rents one; as many exist
/// as threads ever worked on the file together.
/// </summary>
/// <remarks>
/// Renting and returning exchange one array element and take no lock; a context is made when none is idle. Disposing it
/// frees what is idle: rented contexts must have come back.
/// </remarks>
internal sealed class ExtentCipherPool(Func<IExtentCipher> make) : IDisposable
{
    // More than the threads of a mount; beyond it a context is freed on return.
    private const int MaxIdle = 8;

    private readonly IExtentCipher?[] _idle = new IExtentCipher?[MaxIdle];

    /// <summary>Takes a context for the calling thread, until the lease is disposed.</summary>
    public Lease Rent()
    {
        foreach (ref IExtentCipher? slot in _idle.AsSpan())
        {
            // The look first keeps the cache line shared while others are busy.
            if (slot is not null && Interlocked.Exchange(ref slot, null) is { } cipher)
            {
                return new Lease(this, cipher);
            }
        }

        return new Lease(this, make());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ref IExtentCipher? slot in _idle.AsSpan())
        {
            Interlocked.Exchange(ref slot, null)?.Dispose();
        }
    }

    private void Return(IExtentCipher cipher)
    {
        foreach (ref IExtentCipher? slot in _idle.AsSpan())
        {
            if (slot is null && Interlocked.CompareExchange(ref slot, cipher, null) is null)
            {
                return;
            }
        }

        cipher.Dispose();
    }

    /// <summary>A rented context.</summary>
    internal readonly ref struct Lease(ExtentCipherPool owner, IExtentCipher cipher)
    {
        /// <summary>The context, the calling thread's alone.</summary>
        public IExtentCipher Cipher => cipher;

        /// <summary>Gives it back.</summary>
        public void Dispose() => owner.Return(cipher);
    }
}
