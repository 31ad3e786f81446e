using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;
using StackFs.Operations;

namespace StackFs.Mounting;

/// <summary>
/// Has the kernel give up what it caches of a mount (LEASE.md, "GiveBack"). Each call may wait for the kernel, which waits for
/// the workers: never on a worker's thread, nor under a lock that a request takes.
/// </summary>
/// <param name="filesystem">The mount.</param>
/// <param name="notifier">The way to the kernel.</param>
internal sealed class KernelCaches(Filesystem filesystem, FuseNotifier notifier)
{
    /// <summary>Invalidates the attributes of all inodes.</summary>
    internal void DropAttributes()
    {
        foreach (Inode inode in filesystem.Inodes.Snapshot())
        {
            // An error means that the kernel does not know the inode any more, or that there is no mount: nothing is cached.
            _ = notifier.InvalidateInode(inode.Id, upperOffset: -1, length: 0);
        }
    }

    /// <summary>Writes back and drops the pages of all regular files and symbolic links.</summary>
    internal void DropPages()
    {
        foreach (Inode inode in filesystem.Inodes.Snapshot())
        {
            if (!inode.IsDirectory)
            {
                _ = notifier.InvalidateInode(inode.Id, upperOffset: 0, length: 0); // As above.
            }
        }
    }

    /// <summary>Drops the entries of all names: expires those of directories and of what is open.</summary>
    /// <param name="worker">The calling thread's; the volume key is needed to tell upper names.</param>
    internal void DropNames(OperationWorker worker)
    {
        List<(Inode Parent, byte[] Name)> names = [];
        foreach (Inode inode in filesystem.Inodes.Snapshot())
        {
            names.Clear();
            lock (inode)
            {
                for (Location? each = inode.Locations; each is not null; each = each.NextOfInode)
                {
                    names.Add((each.Parent, each.Name));
                }
            }

            // A mount on a dropped directory would be detached, and an open file be shown as deleted in /proc.
            InvalidateEntryFlags flags = inode.IsDirectory || inode.Content is not null
                ? InvalidateEntryFlags.ExpireOnly
                : InvalidateEntryFlags.None;
            foreach ((Inode parent, byte[] lower) in names)
            {
                if (TryTellUpper(worker, parent, lower, out int length))
                {
                    _ = notifier.InvalidateEntry(parent.Id, worker.UpperName.AsSpan(0, length), flags); // As above.
                }
            }
        }
    }

    // Leaves the upper name in the worker's buffer.
    private static bool TryTellUpper(OperationWorker worker, Inode parent, byte[] lower, out int length)
    {
        LowerNameKind kind = LegacyEntries.Classify(worker, lower, parent.Id == NodeId.Root, out length);
        if (kind == LowerNameKind.Long)
        {
            Errno error = worker.Filesystem.Tree.OpenDirectory(parent, out LowerAddress directory);
            if (error != Errno.None)
            {
                return false;
            }

            using (directory)
            {
                kind = Companions.ReadName(worker, in directory, lower, worker.UpperName, out length);
            }
        }

        return kind is LowerNameKind.Name or LowerNameKind.Foreign or LowerNameKind.Legacy;
    }
}
