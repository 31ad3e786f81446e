using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using StackFs.Keyring.Interop;

namespace StackFs.Keyring.Crypto;

/// <summary>
/// Random bytes from the kernel's generator, which, unlike one in user space, notices when a virtual machine is cloned
/// or resumed from a snapshot.
/// </summary>
public static class RandomBytes
{
    /// <summary>Fills <paramref name="destination"/>: for keys and salts.</summary>
    /// <exception cref="CryptographicException">The kernel refuses, which no supported kernel does.</exception>
    public static void Fill(Span<byte> destination)
    {
        Errno error = Posix.GetRandom(destination);
        if (error != Errno.None)
        {
            throw new CryptographicException($"getrandom failed: {error}");
        }
    }

    /// <summary>
    /// Fills a 12-byte nonce from this thread's batch: for the data path, where one call into the kernel for each
    /// extent would cost a third of its encryption. Allocates once a thread. Never for keys.
    /// </summary>
    public static void FillNonce(Span<byte> nonce)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceLength, nameof(nonce));
        (_batch ??= new NonceBatch()).Take(nonce);
    }

    private const int NonceLength = 12;

    [ThreadStatic]
    private static NonceBatch? _batch;

    /// <summary>
    /// Nonces drawn ahead. They are public once used, so they need no secret memory; but two clones of a machine that
    /// both hold the same ones would use them twice under one key. A batch is therefore small and dropped after a
    /// moment, so that a clone of an idle machine finds nothing to repeat.
    /// </summary>
    private sealed class NonceBatch
    {
        private const int Count = 64;
        private const long LifetimeMilliseconds = 20;

        private readonly byte[] _bytes = new byte[Count * NonceLength];
        private int _next = Count * NonceLength;
        private long _drawnAt;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Take(Span<byte> nonce)
        {
            if (_next == _bytes.Length || Environment.TickCount64 - _drawnAt > LifetimeMilliseconds)
            {
                _drawnAt = Environment.TickCount64;
                Fill(_bytes);
                _next = 0;
            }

            _bytes.AsSpan(_next, NonceLength).CopyTo(nonce);
            _next += NonceLength;
        }
    }
}
