using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>STATFS and SYNCFS: the filesystem as a whole.</summary>
internal static class Volumes
{
    /// <summary>STATFS: the space of the lower filesystem. What encryption adds to a file is not taken off.</summary>
    internal static void StatFs(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        Errno error = Libc.StatFs(worker.Filesystem.Tree.Root, out StatfsBuffer status);
        if (error != Errno.None)
        {
            reply.Fail(error);
            return;
        }

        FuseStatFsOut answer = new()
        {
            Blocks = status.Blocks,
            Bfree = status.FreeBlocks,
            Bavail = status.AvailableBlocks,
            Files = status.Files,
            Ffree = status.FreeFiles,
            Bsize = (uint)Math.Min(status.BlockSize, uint.MaxValue),
            Namelen = (uint)worker.Filesystem.Format.LongestName((int)Math.Clamp(status.NameLength, 0, LowerNames.MaxLength)),
            Frsize = (uint)Math.Min(status.FragmentSize, uint.MaxValue),
        };
        reply.Struct(in answer);
    }

    /// <summary>SYNCFS.</summary>
    internal static void SyncFs(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        Errno error = Libc.OpenBeneath(
            worker.Filesystem.Tree.Root, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out SafeFd? root);
        if (error == Errno.None)
        {
            using (root)
            {
                error = Libc.SyncFilesystem(root!);
            }
        }

        reply.Result(error);
    }
}
