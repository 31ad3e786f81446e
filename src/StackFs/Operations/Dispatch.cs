using StackFs.Fuse;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Operations;

/// <summary>The one switch from opcode to operation.</summary>
internal static class Dispatch
{
    // A file that is renamed without end: each attempt meets another rename of it.
    private const int MaxAttempts = 100;

    /// <summary>
    /// Handles one request. What we do not implement answers ENOSYS, from which the kernel learns not to ask again and does
    /// without: ACCESS (the kernel checks modes itself), BMAP, POLL, the DAX mappings, and whatever a later kernel adds.
    /// Locks come only where others share the lower directory; elsewhere the kernel keeps them.
    /// </summary>
    internal static void Handle(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        try
        {
            HandleOnce(worker, in request, ref reply);
            if (reply.Error == Errno.ESTALE)
            {
                HandleOnceNamesSettle(worker, in request, ref reply);
            }
        }
        catch (SecretMemoryException)
        {
            // No memory for a key can be locked: this request fails, what is open stays open.
            reply.Reset();
            reply.Fail(Errno.ENOMEM);
        }
    }

    /// <summary>
    /// Tries again what found no file: a rename or removal may have been under way. One that finds none although no name has
    /// changed since is right.
    /// </summary>
    private static void HandleOnceNamesSettle(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        if (request.Header.Opcode is FuseOpcode.Release or FuseOpcode.ReleaseDir)
        {
            // Their handle has gone.
            return;
        }

        NameChanges names = worker.Filesystem.NameChanges;
        long now = names.Settle();
        long before;
        int attempts = 0;
        do
        {
            before = now;
            reply.Reset();
            HandleOnce(worker, in request, ref reply);
            now = reply.Error == Errno.ESTALE ? names.Settle() : before;
        }
        while (now != before && ++attempts < MaxAttempts);
    }

    private static void HandleOnce(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        switch (request.Header.Opcode)
        {
            case FuseOpcode.Lookup: Lookups.Lookup(worker, in request, ref reply); break;
            case FuseOpcode.Forget: Lookups.Forget(worker, in request, ref reply); break;
            case FuseOpcode.BatchForget: Lookups.BatchForget(worker, in request, ref reply); break;

            case FuseOpcode.GetAttr: AttributeReads.GetAttr(worker, in request, ref reply); break;
            case FuseOpcode.StatX: AttributeReads.StatX(worker, in request, ref reply); break;
            case FuseOpcode.SetAttr: AttributeWrites.SetAttr(worker, in request, ref reply); break;

            case FuseOpcode.MkNod: Creations.MkNod(worker, in request, ref reply); break;
            case FuseOpcode.MkDir: Creations.MkDir(worker, in request, ref reply); break;
            case FuseOpcode.Symlink: Creations.Symlink(worker, in request, ref reply); break;
            case FuseOpcode.Link: Links.Link(worker, in request, ref reply); break;
            case FuseOpcode.ReadLink: Links.ReadLink(worker, in request, ref reply); break;
            case FuseOpcode.Unlink: Removals.Unlink(worker, in request, ref reply); break;
            case FuseOpcode.RmDir: Removals.RmDir(worker, in request, ref reply); break;
            case FuseOpcode.Rename: Renames.Rename(worker, in request, ref reply); break;
            case FuseOpcode.Rename2: Renames.Rename2(worker, in request, ref reply); break;

            case FuseOpcode.OpenDir: Directories.OpenDir(worker, in request, ref reply); break;
            case FuseOpcode.ReadDir: Directories.ReadDir(worker, in request, ref reply); break;
            case FuseOpcode.ReadDirPlus: Directories.ReadDirPlus(worker, in request, ref reply); break;
            case FuseOpcode.ReleaseDir: Directories.ReleaseDir(worker, in request, ref reply); break;
            case FuseOpcode.FsyncDir: Directories.FsyncDir(worker, in request, ref reply); break;

            case FuseOpcode.Open: Opens.Open(worker, in request, ref reply); break;
            case FuseOpcode.Create: Opens.Create(worker, in request, ref reply); break;
            case FuseOpcode.TmpFile: Opens.TmpFile(worker, in request, ref reply); break;
            case FuseOpcode.Read: FileData.Read(worker, in request, ref reply); break;
            case FuseOpcode.Write: FileData.Write(worker, in request, ref reply); break;
            case FuseOpcode.Flush: FileData.Flush(worker, in request, ref reply); break;
            case FuseOpcode.Fsync: FileData.Fsync(worker, in request, ref reply); break;
            case FuseOpcode.FAllocate: FileData.FAllocate(worker, in request, ref reply); break;
            case FuseOpcode.LSeek: FileData.LSeek(worker, in request, ref reply); break;
            case FuseOpcode.CopyFileRange: FileData.CopyFileRange(worker, in request, ref reply); break;
            case FuseOpcode.CopyFileRange64: FileData.CopyFileRange64(worker, in request, ref reply); break;
            case FuseOpcode.Release: Opens.Release(worker, in request, ref reply); break;

            case FuseOpcode.GetLk: Locks.GetLk(worker, in request, ref reply); break;
            case FuseOpcode.SetLk: Locks.SetLk(worker, in request, ref reply); break;
            case FuseOpcode.SetLkW: Locks.SetLkW(worker, in request, ref reply); break;

            case FuseOpcode.SetXAttr: Xattrs.SetXAttr(worker, in request, ref reply); break;
            case FuseOpcode.GetXAttr: Xattrs.GetXAttr(worker, in request, ref reply); break;
            case FuseOpcode.ListXAttr: Xattrs.ListXAttr(worker, in request, ref reply); break;
            case FuseOpcode.RemoveXAttr: Xattrs.RemoveXAttr(worker, in request, ref reply); break;

            case FuseOpcode.StatFs: Volumes.StatFs(worker, in request, ref reply); break;
            case FuseOpcode.SyncFs: Volumes.SyncFs(worker, in request, ref reply); break;

            case FuseOpcode.Ioctl: InodeFlags.Ioctl(worker, in request, ref reply); break;
            default: reply.Fail(Errno.ENOSYS); break;
        }
    }
}
