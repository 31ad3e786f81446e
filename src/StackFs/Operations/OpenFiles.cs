using StackFs.Content;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Operations;

/// <summary>
/// The open-file table: at most one <see cref="OpenContent"/> an inode, opened by its first user and sealed and closed by
/// its last.
/// </summary>
internal static class OpenFiles
{
    // Names of an inode that are tried before it counts as gone; a rename moves it but once meanwhile.
    private const int Attempts = 3;

    /// <summary>Begins to use the content of a regular file.</summary>
    /// <param name="worker">The calling worker.</param>
    /// <param name="inode">The file.</param>
    /// <param name="forWriting">Whether it will be changed.</param>
    /// <param name="content">To be given back by <see cref="Release"/>.</param>
    /// <returns>EPERM for a foreign file; EROFS for one that the mount only reads; what opening the lower file or its header answers.</returns>
    internal static Errno Acquire(OperationWorker worker, Inode inode, bool forWriting, out OpenContent? content)
    {
        content = null;
        if (inode.IsForeign)
        {
            return Errno.EPERM;
        }

        lock (inode)
        {
            if (inode.IsRetired)
            {
                return Errno.ESTALE;
            }

            OpenContent? current = OpenContent.Of(inode);
            if (current is null)
            {
                Errno error = OpenLower(worker, inode, forWriting, out SafeFd? fd, out bool isWritable);
                error = error == Errno.None ? Install(worker, inode, fd!, isWritable, out content) : error;
                if (error == Errno.None && forWriting && content!.File.IsReadOnly)
                {
                    inode.Content = null;
                    content.Close();
                    content = null;
                    return Errno.EROFS;
                }

                return error;
            }

            if (forWriting && current.File.IsReadOnly)
            {
                return Errno.EROFS;
            }

            if (forWriting && !current.IsWritable)
            {
                Errno error = Upgrade(worker, inode, current);
                if (error != Errno.None)
                {
                    return error;
                }
            }

            current.Users++;
            content = current;
            return Errno.None;
        }
    }

    /// <summary>
    /// As <see cref="Acquire"/>, for a handle that the kernel will read through by the size it knows. Where that proves wrong,
    /// the inode is retired, and the answer, ESTALE, has the kernel look the name up again; programs see nothing of it.
    /// </summary>
    /// <returns>EIO for a file whose data is lost: it can be truncated and removed, not opened.</returns>
    internal static Errno AcquireForHandle(OperationWorker worker, Inode inode, bool forWriting, out OpenContent? content)
    {
        lock (inode)
        {
            Errno error = Acquire(worker, inode, forWriting, out content);
            if (error == Errno.None && content!.File.IsLost)
            {
                // Only read, so there is nothing to seal.
                _ = Release(worker, inode, content);
                content = null;
                return Errno.EIO;
            }

            if (error != Errno.None || content!.Users > 1)
            {
                return error;
            }

            if (!content.File.IsSizeMisleading || inode.MustOpenForSize)
            {
                if (inode.MustOpenForSize && !content.File.IsSizeMisleading)
                {
                    worker.Filesystem.Inodes.TrustSize(inode.Lower);
                }

                return Errno.None;
            }

            // Just opened: there is nothing to seal.
            _ = Release(worker, inode, content);
            content = null;
            worker.Filesystem.Inodes.Retire(inode);
            return Errno.ESTALE;
        }
    }

    /// <summary>Makes <paramref name="fd"/>, just opened O_RDWR, the content of <paramref name="inode"/>; owns it also on failure.</summary>
    internal static Errno Adopt(OperationWorker worker, Inode inode, SafeFd fd, out OpenContent? content)
    {
        lock (inode)
        {
            OpenContent? current = OpenContent.Of(inode);
            if (current is not null)
            {
                fd.Dispose();
                current.Users++;
                content = current;
                return Errno.None;
            }

            Errno error = Install(worker, inode, fd, isWritable: true, out content);
            if (error == Errno.None)
            {
                error = content!.File.Prepare(worker.Scratch);
                if (error != Errno.None)
                {
                    inode.Content = null;
                    content.Close();
                    content = null;
                }
            }

            return error;
        }
    }

    /// <summary>Ends one use; the last one seals and closes the lower file.</summary>
    /// <returns>What sealing answers.</returns>
    internal static Errno Release(OperationWorker worker, Inode inode, OpenContent content)
    {
        lock (inode)
        {
            if (--content.Users > 0)
            {
                return Errno.None;
            }

            Errno error = content.File.Seal(worker.Scratch);
            inode.Content = null;
            if (inode.Locations is null && inode.Retained is null
                && Libc.Reopen(content.Descriptor, OpenFlags.Path, out SafeFd? retained) == Errno.None)
            {
                // Unlinked, and the kernel may refer to it by other means than this handle.
                inode.Retained = retained;
            }

            content.Close();
            return error;
        }
    }

    /// <summary>The size of a regular file that is open, or false.</summary>
    internal static bool TryGetSize(Inode inode, out long size)
    {
        OpenContent? content = OpenContent.Of(inode);
        size = content?.File.Size ?? 0;
        return content is not null;
    }

    /// <summary>An address of the lower file through its open descriptor, or false when it is not open.</summary>
    internal static bool TryLocate(Inode inode, out LowerAddress address)
    {
        address = default;
        if (inode.Content is null)
        {
            return false;
        }

        lock (inode)
        {
            if (OpenContent.Of(inode) is not { } content)
            {
                return false;
            }

            address = LowerAddress.OfDescriptor(content.Descriptor);
            return true;
        }
    }

    private static Errno Install(
        OperationWorker worker, Inode inode, SafeFd fd, bool isWritable, out OpenContent? content)
    {
        content = null;
        Errno error = OpenContentOf(worker, inode, fd, out OpenFile? file);
        if (error == Errno.None)
        {
            content = new OpenContent(file!, fd, isWritable);
            inode.Content = content;
        }

        return error;
    }

    private static Errno Upgrade(OperationWorker worker, Inode inode, OpenContent current)
    {
        Errno error = OpenLower(worker, inode, forWriting: true, out SafeFd? fd, out _);
        if (error != Errno.None)
        {
            return error;
        }

        error = OpenContentOf(worker, inode, fd!, out OpenFile? file);
        if (error == Errno.None)
        {
            current.Upgrade(file!, fd!);
        }

        return error;
    }

    private static Errno OpenContentOf(OperationWorker worker, Inode inode, SafeFd fd, out OpenFile? file)
    {
        Filesystem filesystem = worker.Filesystem;
        return filesystem.Format.OpenContent(
            fd, filesystem.Reports, new LowerFileName(inode), worker.Scratch, out file);
    }

    /// <summary>
    /// Opens the lower file for reading and writing whatever the upper open asks, since a partial extent must be read to be
    /// written; for reading alone where the lower file does not allow more.
    /// </summary>
    /// <returns>
    /// ESTALE when it is not found under any name that is known: the kernel holds no lock against a rename while it opens,
    /// and looks the path up again.
    /// </returns>
    private static Errno OpenLower(
        OperationWorker worker, Inode inode, bool forWriting, out SafeFd? fd, out bool isWritable)
    {
        fd = null;
        isWritable = false;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            Errno error = worker.Filesystem.Tree.Locate(inode, out LowerAddress address);
            if (error != Errno.None)
            {
                return error;
            }

            using (address)
            {
                isWritable = !worker.Filesystem.Options.IsReadOnly;
                error = OpenLower(inode, in address, forWriting, ref isWritable, out fd);
                if (error is not (Errno.ENOENT or Errno.ESTALE or Errno.ELOOP))
                {
                    return error;
                }

                InodeTable.Distrust(inode, address.Name);
            }
        }

        return Errno.ESTALE;
    }

    private static Errno OpenLower(
        Inode inode, in LowerAddress address, bool forWriting, ref bool isWritable, out SafeFd? fd)
    {
        fd = null;
        Errno error = isWritable ? Open(inode, in address, OpenFlags.ReadWrite, out fd) : Errno.EROFS;
        if (error is Errno.EACCES or Errno.EROFS or Errno.EPERM or Errno.ETXTBSY && !forWriting)
        {
            isWritable = false;
            Errno readError = Open(inode, in address, OpenFlags.ReadOnly, out fd);
            return readError == Errno.EACCES ? OpenAsOwner(inode, in address, OpenFlags.ReadOnly, out fd) : readError;
        }

        return error == Errno.EACCES ? OpenAsOwner(inode, in address, OpenFlags.ReadWrite, out fd) : error;
    }

    /// <summary>Opens what is at an address, if it is the inode's file: its name may have gone over to another one.</summary>
    private static Errno Open(Inode inode, in LowerAddress address, int flags, out SafeFd? fd)
    {
        // openat2(2) takes nothing that means nothing beside O_PATH.
        int further = OpenFlags.NoFollow | (flags == OpenFlags.Path ? 0 : OpenFlags.NonBlocking);
        Errno error = address.IsSelf
            ? Libc.Reopen(address.Directory, flags, out fd)
            : Libc.OpenBeneath(address.Directory, address.Name, flags | further, 0, out fd);
        if (error != Errno.None)
        {
            return error;
        }

        error = Libc.Statx(fd!, [], out StatxBuffer status);
        if (error == Errno.None && LowerId.Of(in status) != inode.Lower)
        {
            error = Errno.ESTALE;
        }

        if (error != Errno.None)
        {
            fd!.Dispose();
            fd = null;
        }

        return error;
    }

    /// <summary>
    /// A plain user's own file whose mode keeps even them from what the kernel has just allowed on the mount: write-only
    /// files, which must be read to be written. Lends the lower file the owner's bits for the moment of opening.
    /// </summary>
    private static Errno OpenAsOwner(Inode inode, in LowerAddress address, int flags, out SafeFd? fd)
    {
        fd = null;
        SafeFd? found = null;
        Errno error = address.IsSelf
            ? Errno.None
            : Open(inode, in address, OpenFlags.Path, out found);
        if (error != Errno.None)
        {
            return error;
        }

        using (found)
        {
            // By its descriptor from here on, so that no other file is lent anything.
            using LowerAddress file = LowerAddress.OfDescriptor(found ?? address.Directory);
            error = Libc.Statx(file.Directory, [], out StatxBuffer status);
            if (error != Errno.None)
            {
                return error;
            }

            if (status.UserId != Libc.EffectiveUser)
            {
                return Errno.EACCES;
            }

            uint mode = status.Mode & ModeBits.PermissionMask;
            error = Libc.ChangeMode(file.Directory, [], mode | ModeBits.OwnerReadWrite);
            if (error != Errno.None)
            {
                return error;
            }

            error = Open(inode, in file, flags, out fd);
            Errno restored = Libc.ChangeMode(file.Directory, [], mode);
            if (error == Errno.None && restored != Errno.None)
            {
                fd!.Dispose();
                fd = null;
                return restored;
            }

            return error;
        }
    }
}
