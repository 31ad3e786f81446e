using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Interop;

/// <summary>The ring itself, by submissions that do nothing.</summary>
public sealed class IoUringTests
{
    [Fact]
    public void Structures_stand_as_in_the_kernel_header()
    {
        // As a C compiler prints them for linux/io_uring.h; a submission with IORING_SETUP_SQE128.
        Assert.Equal(120, Unsafe.SizeOf<IoUringParameters>());
        Assert.Equal(40, (int)Marshal.OffsetOf<IoUringParameters>(nameof(IoUringParameters.Submissions)));
        Assert.Equal(80, (int)Marshal.OffsetOf<IoUringParameters>(nameof(IoUringParameters.Completions)));
        Assert.Equal(128, Unsafe.SizeOf<IoUringSubmission>());
        Assert.Equal(4, (int)Marshal.OffsetOf<IoUringSubmission>(nameof(IoUringSubmission.Descriptor)));
        Assert.Equal(8, (int)Marshal.OffsetOf<IoUringSubmission>(nameof(IoUringSubmission.CommandOperation)));
        Assert.Equal(16, (int)Marshal.OffsetOf<IoUringSubmission>(nameof(IoUringSubmission.Address)));
        Assert.Equal(24, (int)Marshal.OffsetOf<IoUringSubmission>(nameof(IoUringSubmission.Length)));
        Assert.Equal(32, (int)Marshal.OffsetOf<IoUringSubmission>(nameof(IoUringSubmission.UserData)));
        Assert.Equal(48, (int)Marshal.OffsetOf<IoUringSubmission>(nameof(IoUringSubmission.Command)));
        Assert.Equal(16, Unsafe.SizeOf<IoUringCompletion>());
    }

    [IoUringFact]
    public void What_is_submitted_completes_with_its_own_number()
    {
        using IoUring ring = Create(4);
        for (ulong round = 0; round < 100; round++)
        {
            for (ulong i = 0; i < 4; i++)
            {
                ring.Prepare().UserData = (round * 4) + i;
            }

            Assert.Equal(Errno.None, ring.Enter(4));
            for (ulong i = 0; i < 4; i++)
            {
                Assert.True(ring.TryTake(out IoUringCompletion completion));
                Assert.Equal(((round * 4) + i, 0), (completion.UserData, completion.Result));
            }

            Assert.False(ring.HasCompletion);
            Assert.False(ring.TryTake(out _));
        }
    }

    [IoUringFact]
    public void A_command_to_a_file_that_knows_none_fails()
    {
        using IoUring ring = Create(1);
        Assert.Equal(Errno.None, Libc.OpenPath("/"u8, OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? file));
        using (file)
        {
            ref IoUringSubmission submission = ref ring.Prepare();
            submission.Operation = IoUringOperation.Command;
            submission.Descriptor = file!.Number;
            submission.CommandOperation = 4711;
            Assert.Equal(Errno.None, ring.Enter(1));
        }

        Assert.True(ring.TryTake(out IoUringCompletion completion));
        Assert.True(completion.Result < 0);
    }

    [IoUringFact]
    public void A_full_ring_takes_no_more()
    {
        using IoUring ring = Create(2);
        ring.Prepare();
        ring.Prepare();
        Assert.Throws<InvalidOperationException>(() => _ = ring.Prepare());
        Assert.Equal(Errno.None, ring.Enter(2));
        ring.Prepare();
    }

    [IoUringFact]
    public void A_signal_ends_the_wait()
    {
        Libc.PrepareToWake();
        Errno error = Errno.None;
        int waiting = 0;
        var thread = new Thread(() =>
        {
            using IoUring ring = Create(1);
            Volatile.Write(ref waiting, Libc.CurrentThread);
            error = ring.Enter(1);
        });
        thread.Start();
        while (!thread.Join(1))
        {
            if (Volatile.Read(ref waiting) is not 0 and int id)
            {
                Libc.Wake(id);
            }
        }

        Assert.Equal(Errno.EINTR, error);
    }

    [IoUringFact]
    public void Submitting_and_taking_allocates_nothing()
    {
        using IoUring ring = Create(1);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                ring.Prepare();
                _ = ring.Enter(1);
                _ = ring.TryTake(out _);
            }
        }));
    }

    private static IoUring Create(uint entries)
    {
        Assert.Equal(Errno.None, IoUring.Create(entries, out IoUring? ring));
        Assert.Equal(Errno.None, ring!.Enable());
        return ring;
    }

    /// <summary>A test that needs io_uring; skipped with the reason where there is none.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class IoUringFactAttribute : FactAttribute
    {
        public IoUringFactAttribute()
        {
            Errno error = IoUring.Create(1, out IoUring? ring);
            ring?.Dispose();
            Skip = error == Errno.None ? null : $"the kernel has no io_uring that we could use: {error} (Linux 6.6, kernel.io_uring_disabled=0)";
        }
    }
}
