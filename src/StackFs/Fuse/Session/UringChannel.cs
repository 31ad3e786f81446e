using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// One entry of one FUSE-over-io_uring queue, on a ring of its own: a single io_uring_enter(2) sends the last reply and
/// waits for the next request.
/// </summary>
/// <remarks>
/// The kernel may fill the entry only while it has it, and with a deferred ring only inside io_uring_enter of the channel's
/// thread. So a thread that handles a request is given no other, and whatever it waits for can be served by the queue's
/// other threads; and nothing changes the buffers while the thread is outside.
/// <para/>
/// The kernel's payload buffer serves request and reply. A request without payload has its reply written there directly;
/// for any other the reply is made in a buffer beside it and copied over when it is sent.
/// </remarks>
internal sealed unsafe class UringChannel : FuseChannel
{
    private const int PageSize = 4096;

    // A page that ends with headers, the data, and a page for what comes with it.
    private const int BufferSize = FuseLimits.LargestTransfer + (2 * PageSize);
    private const int PayloadSize = BufferSize - PageSize;

    // How long the kernel may take from failing an entry to declaring the connection dead.
    private const int HangUpMilliseconds = 5000;

    private readonly SafeFd _device;
    private readonly IoUring _ring;
    private bool _holdsDevice;
    private byte* _request;
    private byte* _reply;
    private FuseUringReqHeader* _header;
    private State _state;
    private FuseUringCommand _command;
    private ulong _commitId;
    private int _requestPayload;
    private bool _hasFirst;

    private UringChannel(SafeFd device, IoUring ring, int queue)
    {
        _device = device;
        _ring = ring;
        Queue = queue;

        // Submissions name the descriptor by its number, which must stay this file's.
        device.DangerousAddRef(ref _holdsDevice);
        _request = (byte*)NativeMemory.AlignedAlloc(BufferSize, PageSize);
        _reply = (byte*)NativeMemory.AlignedAlloc(BufferSize, PageSize);
        _header = (FuseUringReqHeader*)NativeMemory.AlignedAlloc(PageSize, PageSize);
        NativeMemory.Clear(_header, PageSize);
    }

    private enum State
    {
        /// <summary>The kernel has the entry, or is about to get it.</summary>
        Waiting,

        /// <summary>A request is here and has no reply yet.</summary>
        Received,

        /// <summary>The reply is ready to be sent.</summary>
        Answered,
    }

    /// <summary>The queue that the entry belongs to.</summary>
    public int Queue { get; }

    /// <inheritdoc/>
    public override Span<byte> ReplyBuffer
    {
        get
        {
            int header = Unsafe.SizeOf<FuseOutHeader>();
            return new((_requestPayload == 0 ? _request : _reply) + PageSize - header, PayloadSize + header);
        }
    }

    /// <summary>Makes a channel, of which the kernel learns with <see cref="Begin"/>.</summary>
    /// <param name="device">A descriptor tied to the mount; stays the caller's.</param>
    /// <param name="queue">The queue's number.</param>
    /// <param name="channel">Owned by the caller; null on failure.</param>
    /// <returns>As <see cref="IoUring.Create"/>.</returns>
    public static Errno Create(SafeFd device, int queue, out UringChannel? channel)
    {
        Errno error = IoUring.Create(1, out IoUring? ring);
        channel = error == Errno.None ? new UringChannel(device, ring!, queue) : null;
        return error;
    }

    /// <inheritdoc/>
    public override Errno Begin()
    {
        Errno error = _ring.Enable();
        if (error == Errno.None)
        {
            Prepare(FuseUringCommand.Register);
            error = Enter(wait: 0);
        }

        // Refused, or a first request came at once.
        if (error == Errno.None && _ring.TryTake(out IoUringCompletion completion))
        {
            _hasFirst = completion.Result == 0;
            error = (Errno)(-completion.Result);
        }

        return error;
    }

    /// <inheritdoc/>
    public override Errno Receive(out ReadOnlySpan<byte> request)
    {
        request = default;
        if (_state != State.Waiting)
        {
            Commit();
        }

        while (true)
        {
            if (!TryTake(out int result))
            {
                Errno error = Enter(wait: 1);
                if (error is not (Errno.None or Errno.EINTR))
                {
                    return error;
                }

                // Nothing came, so a signal did; the kernel does not say so where it took a reply before.
                if (!TryTake(out result))
                {
                    return Errno.EINTR;
                }
            }

            switch (result)
            {
                case 0:
                    request = Assemble();
                    _state = State.Received;
                    return Errno.None;

                case -(int)Errno.EINTR or -(int)Errno.EAGAIN:
                    Prepare(_command);
                    continue;

                default:
                    // The entry is lost. That is how a connection ends; in one that goes on it must not pass unnoticed.
                    return Libc.WaitForHangUp(_device, HangUpMilliseconds) ? Errno.ECONNABORTED : Errno.EIO;
            }
        }
    }

    /// <inheritdoc/>
    public override Errno Send(ReadOnlySpan<byte> reply)
    {
        int header = Unsafe.SizeOf<FuseOutHeader>();
        reply[..header].CopyTo(new Span<byte>(_header->InOut, FuseUringReqHeader.PartSize));
        int length = reply.Length - header;
        if (_requestPayload != 0)
        {
            reply[header..].CopyTo(new Span<byte>(_request + PageSize, PayloadSize));
        }

        _header->Entry.PayloadSize = (uint)length;
        _state = State.Answered;
        return Errno.None;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        if (_state != State.Waiting)
        {
            // The reply is still in the buffer: it goes first. With it the next request may come.
            Commit();
            _ = Enter(wait: 0); // What could not be handed over goes with the next receive, and keeps its buffer.
        }

        bool isOurs = _ring.IsHandedOver && !_hasFirst && !_ring.HasCompletion;
        int kept = isOurs ? 0 : PageSize + (int)Math.Min(_header->Entry.PayloadSize, PayloadSize);
        CryptographicOperations.ZeroMemory(new Span<byte>(_request + kept, BufferSize - kept));
        CryptographicOperations.ZeroMemory(new Span<byte>(_reply, BufferSize));
        if (isOurs)
        {
            CryptographicOperations.ZeroMemory(new Span<byte>(_header, sizeof(FuseUringReqHeader)));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _ring.Dispose();
        NativeMemory.AlignedFree(_request);
        NativeMemory.AlignedFree(_reply);
        NativeMemory.AlignedFree(_header);
        _request = null;
        _reply = null;
        _header = null;
        if (_holdsDevice)
        {
            _holdsDevice = false;
            _device.DangerousRelease();
        }
    }

    private bool TryTake(out int result)
    {
        bool any = _hasFirst;
        _hasFirst = false;
        result = 0;
        if (!any && _ring.TryTake(out IoUringCompletion completion))
        {
            any = true;
            result = completion.Result;
        }

        return any;
    }

    /// <summary>Hands over what was prepared; asks again while the kernel is short of memory.</summary>
    private Errno Enter(uint wait)
    {
        while (true)
        {
            Errno error = _ring.Enter(wait);
            if (error is not (Errno.EAGAIN or Errno.EBUSY))
            {
                return error;
            }

            Thread.Sleep(1);
        }
    }

    /// <summary>Prepares the reply's way back; a request that was left without one answers EIO.</summary>
    private void Commit()
    {
        if (_state == State.Received)
        {
            ref readonly FuseInHeader request = ref Unsafe.As<byte, FuseInHeader>(ref _header->InOut[0]);
            var header = new FuseOutHeader
            {
                Length = (uint)Unsafe.SizeOf<FuseOutHeader>(),
                Error = -(int)Errno.EIO,
                Unique = request.Unique,
            };
            MemoryMarshal.Write(new Span<byte>(_header->InOut, FuseUringReqHeader.PartSize), in header);
            _header->Entry.PayloadSize = 0;
        }

        Prepare(FuseUringCommand.CommitAndFetch);
        _state = State.Waiting;
    }

    private void Prepare(FuseUringCommand command)
    {
        _command = command;
        ref IoUringSubmission submission = ref _ring.Prepare();
        submission.Operation = IoUringOperation.Command;
        submission.Descriptor = _device.Number;
        submission.CommandOperation = (uint)command;
        ref FuseUringCmdReq request = ref Unsafe.As<byte, FuseUringCmdReq>(ref submission.Command[0]);
        request.Queue = (ushort)Queue;
        if (command == FuseUringCommand.CommitAndFetch)
        {
            request.CommitId = _commitId;
            return;
        }

        // The kernel reads these two while it takes the submission, and keeps what they say.
        var buffers = (IoSegment*)(_header + 1);
        buffers[0] = new IoSegment { Base = (byte*)_header, Length = (nuint)sizeof(FuseUringReqHeader) };
        buffers[1] = new IoSegment { Base = _request + PageSize, Length = PayloadSize };
        submission.Address = (ulong)buffers;
        submission.Length = 2;
    }

    /// <summary>
    /// Puts the request together as the device would have sent it: its headers right before the payload, or where a reply
    /// will not be written when there is none.
    /// </summary>
    private ReadOnlySpan<byte> Assemble()
    {
        int headerLength = Unsafe.SizeOf<FuseInHeader>();
        ref readonly FuseInHeader header = ref Unsafe.As<byte, FuseInHeader>(ref _header->InOut[0]);
        _commitId = _header->Entry.CommitId;
        uint payload = _header->Entry.PayloadSize;
        long operation = (long)header.Length - headerLength - payload;
        _requestPayload = (int)Math.Min(payload, PayloadSize);
        if (payload > PayloadSize || operation is < 0 or > FuseUringReqHeader.PartSize)
        {
            // No request, as its length will tell; it is answered EIO.
            return new ReadOnlySpan<byte>(_header->InOut, FuseUringReqHeader.PartSize)[..(headerLength - 1)];
        }

        int front = headerLength + (int)operation;
        byte* start = _requestPayload == 0 ? _request : _request + PageSize - front;
        Buffer.MemoryCopy(_header->InOut, start, front, headerLength);
        Buffer.MemoryCopy(_header->OperationIn, start + headerLength, operation, operation);
        return new ReadOnlySpan<byte>(start, front + _requestPayload);
    }
}
