using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Operations;

/// <summary>
/// GETLK, SETLK, SETLKW: record locks and flock(2), which reach us only where others share the lower directory.
/// </summary>
internal static class Locks
{
    // FUSE_LK_FLOCK of linux/fuse.h.
    private const uint Flock = 1;

    /// <summary>GETLK. Whose lock stands in the way is not told: it may be another machine's.</summary>
    internal static void GetLk(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        if (!TryRead(worker, in request, out FuseLkIn asked, out FileHandle? handle))
        {
            reply.Fail(Errno.EBADF);
            return;
        }

        FuseFileLock found = asked.Lock;
        Errno error = worker.Filesystem.Locks.Test(handle!, asked.Owner, ref found);
        if (error == Errno.None)
        {
            reply.Struct(in found);
        }
        else
        {
            reply.Fail(error);
        }
    }

    /// <summary>SETLK: takes, changes or gives back; EAGAIN where another has it.</summary>
    internal static void SetLk(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply) =>
        Set(worker, in request, ref reply, wait: false);

    /// <summary>SETLKW: waits for it, without a worker; EINTR when the program gets a signal first.</summary>
    internal static void SetLkW(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply) =>
        Set(worker, in request, ref reply, wait: true);

    private static void Set(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply, bool wait)
    {
        if (!TryRead(worker, in request, out FuseLkIn asked, out FileHandle? handle))
        {
            reply.Fail(Errno.EBADF);
            return;
        }

        LockTable locks = worker.Filesystem.Locks;
        LockRequest wanted = new(handle!, asked.Owner, (asked.LkFlags & Flock) != 0, in asked.Lock);
        Errno error = locks.Set(in wanted);
        if (error == Errno.EAGAIN && wait && worker.LateReplies is { } replies)
        {
            reply.Later();
            locks.Wait(in wanted, request.Header.Unique, replies);
        }
        else
        {
            reply.Result(error);
        }
    }

    private static bool TryRead(OperationWorker worker, in FuseRequest request, out FuseLkIn asked, out FileHandle? handle)
    {
        RequestReader reader = request.Reader;
        asked = reader.Read<FuseLkIn>();
        handle = reader.Failed ? null : worker.Filesystem.Handles.Find(asked.FileHandle.Value) as FileHandle;
        return handle is not null && asked.Lock.Type <= (uint)RangeLockType.Unlock;
    }
}
