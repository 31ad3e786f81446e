using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using StackFs.Keyring.Crypto;

namespace StackFs.Keyring.Secrets;

/// <summary>Reads a secret; the span is valid only during the call and must not be copied to ordinary memory.</summary>
/// <param name="secret">The secret's bytes.</param>
/// <param name="state">What the caller passed along.</param>
public delegate void SecretAction<TState>(ReadOnlySpan<byte> secret, TState state)
    where TState : allows ref struct;

/// <summary>As <see cref="SecretAction{TState}"/>, with a result.</summary>
/// <param name="secret">The secret's bytes.</param>
/// <param name="state">What the caller passed along.</param>
public delegate TResult SecretFunc<TState, TResult>(ReadOnlySpan<byte> secret, TState state)
    where TState : allows ref struct;

/// <summary>
/// A fixed number of secret bytes in memory that is locked, left out of core dumps, and zeroed when this object is
/// disposed or finalized. The bytes are shown only inside a callback.
/// </summary>
/// <remarks>
/// Safe for concurrent readers, and for disposal while a callback runs: the memory is wiped when the last one returns.
/// <see cref="Fill"/> must not run beside any other use. Using a disposed buffer throws
/// <see cref="ObjectDisposedException"/>. Neither <see cref="Use{TState}"/> nor <see cref="Fill"/> allocates.
/// </remarks>
public sealed class SecretBuffer : SafeHandle
{
    private SecretBuffer(int length)
        : base(0, ownsHandle: true) => Length = length;

    /// <summary>How secrets are held in this process.</summary>
    public static SecretMemoryKind MemoryKind => SecretMemory.Kind;

    /// <summary>The longest secret, in bytes (1 MiB).</summary>
    public static int MaximumLength => SecretPool.MaximumLength;

    /// <summary>The number of secret bytes.</summary>
    public int Length { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>A zeroed secret of <paramref name="length"/> bytes, which the caller disposes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between 1 and <see cref="MaximumLength"/>.</exception>
    /// <exception cref="SecretMemoryException">The process may not lock more memory.</exception>
    public static SecretBuffer Allocate(int length)
    {
        SecretBuffer buffer = new(length);
        buffer.SetHandle(SecretPool.Rent(length));
        return buffer;
    }

    /// <summary>A fresh random key of <paramref name="length"/> bytes from the kernel, which the caller disposes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between 1 and <see cref="MaximumLength"/>.</exception>
    /// <exception cref="SecretMemoryException">The process may not lock more memory.</exception>
    public static SecretBuffer Random(int length)
    {
        SecretBuffer buffer = Allocate(length);
        using RevealedSecret secret = buffer.UnsafeReveal();
        RandomBytes.Fill(secret.Bytes);
        return buffer;
    }

    /// <summary>Shows the bytes to <paramref name="action"/>.</summary>
    public void Use<TState>(TState state, SecretAction<TState> action)
        where TState : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(action);
        using RevealedSecret secret = UnsafeReveal();
        action(secret.Bytes, state);
    }

    /// <summary>Shows the bytes to <paramref name="function"/> and returns its result.</summary>
    public TResult Use<TState, TResult>(TState state, SecretFunc<TState, TResult> function)
        where TState : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(function);
        using RevealedSecret secret = UnsafeReveal();
        return function(secret.Bytes, state);
    }

    /// <summary>Lets <paramref name="action"/> write the bytes.</summary>
    public void Fill<TState>(TState state, SpanAction<byte, TState> action)
        where TState : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(action);
        using RevealedSecret secret = UnsafeReveal();
        action(secret.Bytes, state);
    }

    /// <summary>Whether both hold the same bytes, in time that depends only on the lengths.</summary>
    public bool FixedTimeEquals(SecretBuffer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        using RevealedSecret mine = UnsafeReveal();
        using RevealedSecret theirs = other.UnsafeReveal();
        return CryptographicOperations.FixedTimeEquals(mine.Bytes, theirs.Bytes);
    }

    /// <summary>A copy of part of the secret, which the caller disposes.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes to copy.</param>
    public SecretBuffer Slice(int offset, int length)
    {
        using RevealedSecret source = UnsafeReveal();
        ReadOnlySpan<byte> part = source.Bytes.Slice(offset, length);
        SecretBuffer copy = Allocate(length);
        using RevealedSecret target = copy.UnsafeReveal();
        part.CopyTo(target.Bytes);
        return copy;
    }

    /// <summary>The length, never the content.</summary>
    public override string ToString() => $"{Length} secret bytes";

    /// <summary>
    /// The bytes without a callback, for code in this library that passes several secrets to one native call. The span
    /// must not outlive the returned value, which the caller disposes.
    /// </summary>
    internal RevealedSecret UnsafeReveal() => new(this);

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => SecretPool.Return(handle, Length);

    /// <summary>Keeps a secret's memory alive while its bytes are in use.</summary>
    internal readonly unsafe ref struct RevealedSecret
    {
        private readonly SecretBuffer _owner;

        internal RevealedSecret(SecretBuffer owner)
        {
            bool added = false;
            owner.DangerousAddRef(ref added);
            _owner = owner;
        }

        /// <summary>The secret; invalid after <see cref="Dispose"/>.</summary>
        internal Span<byte> Bytes => new((void*)_owner.handle, _owner.Length);

        /// <summary>Lets go; wipes when the owner was disposed meanwhile.</summary>
        public void Dispose() => _owner.DangerousRelease();
    }
}
