using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Inodes;

/// <summary>
/// Finds the lower file of an inode: through the descriptor that stands for it, or by its name in its directory. A
/// directory's descriptor that was closed is opened again through its parents and compared with what it was.
/// </summary>
internal sealed class LowerTree : IDisposable
{
    private const int Attempts = 3;

    private readonly DescriptorCache _descriptors;
    private readonly CachedDescriptor _root;

    /// <summary>Takes ownership of the root's descriptor (O_PATH).</summary>
    internal LowerTree(SafeFd root, DescriptorCache descriptors)
    {
        _root = new CachedDescriptor(root);
        _descriptors = descriptors;
    }

    /// <summary>The lower root itself, for as long as the tree lives.</summary>
    internal SafeFd Root => _root.Fd;

    /// <summary>Ties the root's descriptor to the root's inode.</summary>
    internal void Attach(Inode root) => root.Descriptor = _root;

    /// <summary>Closes the root.</summary>
    public void Dispose()
    {
        _root.Unpin();
        _ = _root.TryClose();
    }

    /// <summary>A directory's own descriptor (O_PATH), under which names are looked up.</summary>
    /// <returns>
    /// ENOTDIR for another type; ESTALE when it is no longer where it was; what opening answers: EACCES, EIO, EMFILE.
    /// </returns>
    internal Errno OpenDirectory(Inode directory, out LowerAddress address)
    {
        address = default;
        CachedDescriptor? cached = directory.Descriptor;
        if (cached is not null && cached.TryPin())
        {
            address = LowerAddress.InPinned(cached, default);
            return Errno.None;
        }

        if (!directory.IsDirectory)
        {
            return Errno.ENOTDIR;
        }

        if (TryUseRetained(directory, ref address))
        {
            return Errno.None;
        }

        Errno error = Errno.ESTALE;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            error = Reopen(directory, out CachedDescriptor? opened);
            if (error == Errno.None)
            {
                address = LowerAddress.InPinned(opened!, default);
                return Errno.None;
            }

            // A rename may have moved one of the parents meanwhile; its location is known by the next attempt.
            if (error is not (Errno.ESTALE or Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP))
            {
                return error;
            }
        }

        return error is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP ? Errno.ESTALE : error;
    }

    /// <summary>Where any inode is reached: by its retained descriptor, its own cached one, or by name.</summary>
    /// <returns>ESTALE when nothing leads to it any more, else as <see cref="OpenDirectory"/>.</returns>
    internal Errno Locate(Inode inode, out LowerAddress address)
    {
        address = default;
        CachedDescriptor? cached = inode.Descriptor;
        if (cached is not null && cached.TryPin())
        {
            address = LowerAddress.InPinned(cached, default);
            return Errno.None;
        }

        if (TryUseRetained(inode, ref address))
        {
            return Errno.None;
        }

        if (!InodeTable.TryGetLocation(inode, out Inode? parent, out byte[]? name))
        {
            return Errno.ESTALE;
        }

        Errno error = OpenDirectory(parent!, out LowerAddress directory);
        if (error == Errno.None)
        {
            address = directory.With(name);
        }

        return error;
    }

    private static bool TryUseRetained(Inode inode, ref LowerAddress address)
    {
        if (inode.Locations is not null)
        {
            return false;
        }

        lock (inode)
        {
            if (inode.Retained is not { } retained)
            {
                return false;
            }

            address = LowerAddress.OfDescriptor(retained);
            return true;
        }
    }

    /// <summary>Opens the directory from the nearest parent that is open, and checks that it is the one meant.</summary>
    private Errno Reopen(Inode directory, out CachedDescriptor? opened)
    {
        opened = null;
        List<byte[]> names = [];
        CachedDescriptor? start = null;
        Inode mark = directory;
        int nextMark = 64;
        for (Inode node = directory; start is null;)
        {
            if (!InodeTable.TryGetLocation(node, out Inode? parent, out byte[]? name))
            {
                return Errno.ESTALE;
            }

            names.Add(name!);
            node = parent!;
            if (ReferenceEquals(node, mark))
            {
                // Renames behind our back have left locations that lead round in a circle.
                return Errno.ESTALE;
            }

            if (names.Count == nextMark)
            {
                // Brent: a circle of any length is met once the mark is in it and the stretch is long enough.
                mark = node;
                nextMark *= 2;
            }

            CachedDescriptor? candidate = node.Descriptor;
            start = candidate is not null && candidate.TryPin() ? candidate : null;
        }

        names.Reverse();
        Errno error;
        SafeFd? fd;
        try
        {
            error = OpenPath(start.Fd, names, out fd);
        }
        finally
        {
            start.Unpin();
        }

        if (error != Errno.None)
        {
            return error;
        }

        error = Libc.Statx(fd!, default, out StatxBuffer status);
        if (error != Errno.None || LowerId.Of(in status) != directory.Lower)
        {
            fd!.Dispose();
            return error != Errno.None ? error : Errno.ESTALE;
        }

        opened = Keep(directory, fd!);
        return Errno.None;
    }

    /// <summary>Opens a path of many names in as few steps as the path buffer allows.</summary>
    private static Errno OpenPath(SafeFd start, List<byte[]> names, out SafeFd? opened)
    {
        opened = null;
        byte[] path = new byte[Libc.MaxPath];
        int length = 0;
        SafeFd from = start;
        for (int i = 0; i < names.Count; i++)
        {
            if (length > 0)
            {
                path[length++] = (byte)'/';
            }

            names[i].CopyTo(path, length);
            length += names[i].Length;
            bool isLast = i == names.Count - 1;
            if (!isLast && length + 1 + names[i + 1].Length <= path.Length)
            {
                continue;
            }

            Errno error = Libc.OpenBeneath(
                from, path.AsSpan(0, length), OpenFlags.Path | OpenFlags.Directory, 0, out SafeFd? step);
            if (!ReferenceEquals(from, start))
            {
                from.Dispose();
            }

            if (error != Errno.None)
            {
                return error;
            }

            from = step!;
            length = 0;
        }

        opened = from;
        return Errno.None;
    }

    /// <summary>Gives the descriptor to the cache, pinned once for the caller.</summary>
    private CachedDescriptor Keep(Inode directory, SafeFd fd)
    {
        CachedDescriptor descriptor = new(fd);
        if (_descriptors.Add(descriptor))
        {
            directory.Descriptor = descriptor;
        }
        else
        {
            descriptor.CloseWhenUnpinned();
        }

        return descriptor;
    }
}
