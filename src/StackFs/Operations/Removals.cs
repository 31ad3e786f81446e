using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>UNLINK and RMDIR.</summary>
internal static class Removals
{
    /// <summary>UNLINK: the entry first, then the side files that only it needed.</summary>
    internal static void Unlink(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        ReadOnlySpan<byte> upper = reader.ReadName();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = Creations.Begin(
            worker, in request, upper, out Inode parent, out LowerAddress directory, out EntryName name);
        if (error == Errno.None)
        {
            using (directory)
            {
                error = RemoveLegacy(worker, parent, in directory, upper, isDirectory: false, out bool wasThere);
                if (error == Errno.None)
                {
                    error = Unlink(worker, parent, in directory, in name);
                    error = error == Errno.ENOENT && wasThere ? Errno.None : error;
                }

                if (error == Errno.ENOENT && Lookups.IsForeign(worker, parent, upper))
                {
                    error = Unlink(worker, parent, in directory, new EntryName(upper, upper, isLong: false));
                }
            }
        }

        reply.Result(error);
    }

    /// <summary>RMDIR. A directory that holds nothing but side files is empty to programs.</summary>
    internal static void RmDir(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        ReadOnlySpan<byte> upper = reader.ReadName();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        Errno error = Creations.Begin(
            worker, in request, upper, out Inode parent, out LowerAddress directory, out EntryName name);
        if (error == Errno.None)
        {
            using (directory)
            {
                error = RemoveLegacy(worker, parent, in directory, upper, isDirectory: true, out bool wasThere);
                if (error == Errno.None)
                {
                    error = RmDir(worker, parent, in directory, in name);
                    error = error == Errno.ENOENT && wasThere ? Errno.None : error;
                }

                if (error == Errno.ENOENT && Lookups.IsForeign(worker, parent, upper))
                {
                    error = RmDir(worker, parent, in directory, new EntryName(upper, upper, isLong: false));
                }
            }
        }

        reply.Result(error);
    }

    /// <summary>
    /// Removes the eCryptfs entry of a name, before a native one that hides it: the other way round it would come back.
    /// </summary>
    /// <param name="worker">The calling worker.</param>
    /// <param name="parent">The directory.</param>
    /// <param name="directory">Where it is.</param>
    /// <param name="upper">The upper name.</param>
    /// <param name="isDirectory">Which of rmdir(2) and unlink(2).</param>
    /// <param name="wasThere">Whether there was one.</param>
    /// <returns>EROFS where the mount only reads such entries; what removing answers.</returns>
    internal static Errno RemoveLegacy(
        OperationWorker worker, Inode parent, in LowerAddress directory, ReadOnlySpan<byte> upper, bool isDirectory, out bool wasThere)
    {
        Errno error = LegacyEntries.Find(
            worker, parent, in directory, upper, worker.FirstLegacyName, out ReadOnlySpan<byte> lower, out _);
        wasThere = error == Errno.None;
        if (!wasThere)
        {
            return error == Errno.ENOENT ? Errno.None : error;
        }

        if (worker.Filesystem.Format.OnlyReadsLegacy)
        {
            return Errno.EROFS;
        }

        EntryName name = new(upper, lower, isLong: false);
        return isDirectory
            ? RmDir(worker, parent, in directory, in name)
            : Unlink(worker, parent, in directory, in name);
    }

    /// <summary>
    /// A descriptor for an inode that is about to lose its last name, or null where it has others. Also for one that is open:
    /// its RELEASE may come while the name goes, and between the two its number would be free for another file.
    /// </summary>
    internal static SafeFd? Retain(Inode? inode, in LowerAddress directory, ReadOnlySpan<byte> lower)
    {
        if (inode is null)
        {
            return null;
        }

        // The other names that are known may be gone, behind our back; only the lower filesystem can tell.
        if (inode.Locations?.NextOfInode is not null
            && Libc.Statx(directory.Directory, lower, out StatxBuffer status) == Errno.None && status.LinkCount > 1)
        {
            return null;
        }

        // Without it the inode answers ESTALE once it has no name; the removal itself need not fail for that.
        return Libc.OpenBeneath(
            directory.Directory, lower, OpenFlags.Path | OpenFlags.NoFollow, 0, out SafeFd? fd) == Errno.None
            ? fd
            : null;
    }

    /// <summary>Records that a name is gone; owns <paramref name="retained"/>.</summary>
    internal static void Forget(
        OperationWorker worker, Inode? inode, Inode parent, ReadOnlySpan<byte> lower, SafeFd? retained)
    {
        if (inode is not null && retained is not null)
        {
            lock (inode)
            {
                if (inode.Retained is null)
                {
                    inode.Retained = retained;
                    retained = null;
                }
            }
        }

        retained?.Dispose();
        worker.Filesystem.Inodes.RemoveName(parent, lower);
    }

    private static Errno Unlink(OperationWorker worker, Inode parent, in LowerAddress directory, in EntryName name)
    {
        Inode? inode = worker.Filesystem.Inodes.FindByName(parent, name.Lower);
        Span<byte> buffer = stackalloc byte[LowerNames.TargetLength + 1];
        ReadOnlySpan<byte> target = inode is not null && ModeBits.IsSymbolicLink(inode.Type)
            ? TargetCompanions.Of(in directory, name.Lower, buffer)
            : default;
        using NameChanges.Mark.Scope change = worker.NameChange.Begin();
        SafeFd? retained = Retain(inode, in directory, name.Lower);
        Errno error = Libc.Unlink(directory.Directory, name.Lower);
        if (error != Errno.None)
        {
            retained?.Dispose();
            return error;
        }

        Forget(worker, inode, parent, name.Lower, retained);
        Companions.RemoveName(worker, in directory, in name);
        if (!target.IsEmpty)
        {
            TargetCompanions.RemoveUnused(worker, in directory, target);
        }

        return Errno.None;
    }

    /// <summary>Removes an empty directory by its lower name.</summary>
    internal static Errno RmDir(OperationWorker worker, Inode parent, in LowerAddress directory, in EntryName name)
    {
        Inode? inode = worker.Filesystem.Inodes.FindByName(parent, name.Lower);
        using NameChanges.Mark.Scope change = worker.NameChange.Begin();
        SafeFd? retained = Retain(inode, in directory, name.Lower);
        Errno error = Libc.RemoveDirectory(directory.Directory, name.Lower);
        if (error is Errno.ENOTEMPTY or Errno.EEXIST
            && Companions.Clear(worker, directory.Directory, name.Lower) == Errno.None)
        {
            error = Libc.RemoveDirectory(directory.Directory, name.Lower);
        }

        if (error != Errno.None)
        {
            retained?.Dispose();
            return error;
        }

        Forget(worker, inode, parent, name.Lower, retained);
        Companions.RemoveName(worker, in directory, in name);
        return Errno.None;
    }
}
