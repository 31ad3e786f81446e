using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// Writes the one reply of a request into the worker's buffer. Exactly one of the completing methods is called; a
/// second call is a bug and throws. A request left without one is answered EIO by the session.
/// </summary>
internal ref struct ReplyWriter
{
    private readonly Span<byte> _message;
    private int _length;
    private Errno _error;
    private State _state;

    /// <summary>
    /// Writes into <paramref name="message"/>, which has room for a header and, from its byte 16 on, the payload.
    /// </summary>
    public ReplyWriter(Span<byte> message)
    {
        _message = message;
        Payload = message[Unsafe.SizeOf<FuseOutHeader>()..];
    }

    private enum State : byte
    {
        Open,
        Replied,
        Silent,
        Late,
    }

    /// <summary>
    /// The worker's whole buffer behind the header: page aligned, at least 1 MiB + 4 KiB, holding whatever the last
    /// reply left. Fill its start, then call <see cref="Complete"/>.
    /// </summary>
    public Span<byte> Payload { get; }

    /// <summary>Whether a completing method was called.</summary>
    public readonly bool IsComplete => _state != State.Open;

    /// <summary>Whether the request was completed without a reply.</summary>
    public readonly bool IsSilent => _state == State.Silent;

    /// <summary>Whether the reply comes later, through <see cref="LateReplies"/>.</summary>
    public readonly bool IsLate => _state == State.Late;

    /// <summary>What the request was answered with; <see cref="Errno.None"/> for success.</summary>
    public readonly Errno Error => _error;

    /// <summary>Answers that the request failed. <see cref="Errno.None"/> is not a failure and throws.</summary>
    public void Fail(Errno error)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)error, (int)Errno.None);
        Close(State.Replied, 0);
        _error = error;
    }

    /// <summary>Answers success without data.</summary>
    public void Ok() => Close(State.Replied, 0);

    /// <summary><see cref="Ok"/> for <see cref="Errno.None"/>, otherwise <see cref="Fail"/>.</summary>
    public void Result(Errno error)
    {
        Close(State.Replied, 0);
        _error = error;
    }

    /// <summary>Answers success with one structure.</summary>
    public void Struct<T>(in T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(Payload, in value);
        Close(State.Replied, Unsafe.SizeOf<T>());
    }

    /// <summary>Answers success with two structures, one behind the other (CREATE, TMPFILE).</summary>
    public void Struct<TFirst, TSecond>(in TFirst first, in TSecond second)
        where TFirst : unmanaged
        where TSecond : unmanaged
    {
        MemoryMarshal.Write(Payload, in first);
        MemoryMarshal.Write(Payload[Unsafe.SizeOf<TFirst>()..], in second);
        Close(State.Replied, Unsafe.SizeOf<TFirst>() + Unsafe.SizeOf<TSecond>());
    }

    /// <summary>Answers success with the first <paramref name="payloadLength"/> bytes of <see cref="Payload"/>.</summary>
    public void Complete(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadLength, Payload.Length);
        Close(State.Replied, payloadLength);
    }

    /// <summary>Ends a request that has no reply: FORGET, BATCH_FORGET.</summary>
    public void None() => Close(State.Silent, 0);

    /// <summary>Leaves the reply to <see cref="LateReplies"/>: for a request that waits for something, for as long as it takes.</summary>
    public void Later() => Close(State.Late, 0);

    /// <summary>Takes back whatever was completed, so that the session can answer an error instead.</summary>
    internal void Reset()
    {
        _state = State.Open;
        _error = Errno.None;
        _length = 0;
    }

    /// <summary>The finished message for the kernel, header filled in.</summary>
    internal readonly ReadOnlySpan<byte> Finish(ulong unique)
    {
        var header = new FuseOutHeader
        {
            Length = (uint)(Unsafe.SizeOf<FuseOutHeader>() + _length),
            Error = -(int)_error,
            Unique = unique,
        };
        MemoryMarshal.Write(_message, in header);
        return _message[..(int)header.Length];
    }

    private void Close(State state, int payloadLength)
    {
        if (_state != State.Open)
        {
            throw new InvalidOperationException("The request was already answered.");
        }

        _state = state;
        _length = payloadLength;
    }
}
