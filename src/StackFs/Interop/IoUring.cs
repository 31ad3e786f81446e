using System.Runtime.CompilerServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <summary>
/// An io_uring for one thread, which submits and takes what completes. Set up by any thread; <see cref="Enable"/> gives it
/// to the calling one, and everything after that but <see cref="Dispose"/> is that thread's.
/// </summary>
/// <remarks>
/// Kernel and process share the indices: ours are written with release, the kernel's read with acquire. Nothing here
/// allocates after <see cref="Create"/>.
/// </remarks>
internal sealed unsafe class IoUring : IDisposable
{
    // linux/io_uring.h: IORING_FEAT_SINGLE_MMAP, IORING_FEAT_NODROP; offset of the submissions' mapping.
    private const uint NeededFeatures = 0x03;
    private const long SubmissionsOffset = 0x10000000;

    private readonly SafeFd _ring;
    private readonly uint _submissionMask;
    private readonly uint _completionMask;
    private readonly nuint _indicesLength;
    private readonly nuint _submissionsLength;
    private readonly uint* _submissionHead;
    private readonly uint* _submissionTail;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly IoUringCompletion* _completions;
    private nint _indices;
    private IoUringSubmission* _submissions;

    private IoUring(SafeFd ring, in IoUringParameters parameters, nint indices, nint submissions, nuint indicesLength)
    {
        _ring = ring;
        _indices = indices;
        _indicesLength = indicesLength;
        _submissions = (IoUringSubmission*)submissions;
        _submissionsLength = SubmissionsLength(in parameters);
        byte* start = (byte*)indices;
        _submissionHead = (uint*)(start + parameters.Submissions.Head);
        _submissionTail = (uint*)(start + parameters.Submissions.Tail);
        _submissionMask = *(uint*)(start + parameters.Submissions.RingMask);
        _completionHead = (uint*)(start + parameters.Completions.Head);
        _completionTail = (uint*)(start + parameters.Completions.Tail);
        _completionMask = *(uint*)(start + parameters.Completions.RingMask);
        _completions = (IoUringCompletion*)(start + parameters.Completions.Completions);
    }

    /// <summary>Sets up a ring, to be enabled by the thread that will use it.</summary>
    /// <param name="entries">Submissions that fit; twice as many completions do.</param>
    /// <param name="ring">Owned by the caller; null on failure.</param>
    /// <returns>
    /// ENOSYS where the kernel has no io_uring, EPERM where it is forbidden, EINVAL or EOPNOTSUPP before Linux 6.6, ENOMEM.
    /// </returns>
    public static Errno Create(uint entries, out IoUring? ring)
    {
        ring = null;
        IoUringParameters parameters = new()
        {
            Flags = IoUringSetup.Disabled | IoUringSetup.LongSubmissions | IoUringSetup.SingleIssuer
                | IoUringSetup.DeferTaskRun | IoUringSetup.NoSubmissionArray,
        };
        Errno error = Libc.SetUpIoUring(entries, ref parameters, out SafeFd? descriptor);
        if (error != Errno.None)
        {
            return error;
        }

        nint indices = 0;
        nuint length = parameters.Completions.Completions
            + (parameters.CompletionEntries * (nuint)sizeof(IoUringCompletion));
        error = (parameters.Features & NeededFeatures) != NeededFeatures
            ? Errno.EOPNOTSUPP
            : Libc.MapShared(descriptor!, length, 0, out indices);
        if (error == Errno.None)
        {
            error = Libc.MapShared(descriptor!, SubmissionsLength(in parameters), SubmissionsOffset, out nint submissions);
            if (error == Errno.None)
            {
                ring = new IoUring(descriptor!, in parameters, indices, submissions, length);
                return Errno.None;
            }

            Libc.Unmap(indices, length);
        }

        descriptor!.Dispose();
        return error;
    }

    /// <summary>Makes the ring the calling thread's.</summary>
    public Errno Enable() => Libc.EnableIoUring(_ring);

    /// <summary>
    /// The next submission, zeroed, to be filled in before <see cref="Enter"/>. No more of them at a time than the ring has
    /// entries.
    /// </summary>
    public ref IoUringSubmission Prepare()
    {
        uint tail = *_submissionTail;
        if (unchecked(tail - Volatile.Read(ref *_submissionHead)) > _submissionMask)
        {
            throw new InvalidOperationException("The ring has no room for a submission.");
        }

        ref IoUringSubmission slot = ref _submissions[tail & _submissionMask];
        slot = default;
        Volatile.Write(ref *_submissionTail, unchecked(tail + 1));
        return ref slot;
    }

    /// <summary>Hands over what was prepared and waits for completions, in one system call.</summary>
    /// <param name="wait">How many to wait for; a signal ends the wait early.</param>
    /// <returns>EINTR when a signal came and nothing was handed over, EAGAIN or EBUSY when the kernel takes nothing now.</returns>
    public Errno Enter(uint wait) =>
        Libc.EnterIoUring(_ring, unchecked(*_submissionTail - Volatile.Read(ref *_submissionHead)), wait);

    /// <summary>Takes one completion, if there is one.</summary>
    public bool TryTake(out IoUringCompletion completion)
    {
        uint head = *_completionHead;
        if (head == Volatile.Read(ref *_completionTail))
        {
            completion = default;
            return false;
        }

        completion = _completions[head & _completionMask];
        Volatile.Write(ref *_completionHead, unchecked(head + 1));
        return true;
    }

    /// <summary>Whether <see cref="TryTake"/> would take one.</summary>
    public bool HasCompletion => *_completionHead != Volatile.Read(ref *_completionTail);

    /// <summary>Whether the kernel took all that was prepared.</summary>
    public bool IsHandedOver => *_submissionTail == Volatile.Read(ref *_submissionHead);

    /// <summary>Closes the ring; what was submitted is cancelled by the kernel.</summary>
    public void Dispose()
    {
        if (_indices != 0)
        {
            Libc.Unmap((nint)_submissions, _submissionsLength);
            Libc.Unmap(_indices, _indicesLength);
            _submissions = null;
            _indices = 0;
            _ring.Dispose();
        }
    }

    private static nuint SubmissionsLength(in IoUringParameters parameters) =>
        parameters.SubmissionEntries * (nuint)Unsafe.SizeOf<IoUringSubmission>();
}
