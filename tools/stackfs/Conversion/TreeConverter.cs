using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Conversion;

/// <summary>What a conversion did, or would do.</summary>
internal sealed class ConversionCounts
{
    /// <summary>Directories.</summary>
    internal long Directories { get; set; }

    /// <summary>Regular files, each name of one counted.</summary>
    internal long Files { get; set; }

    /// <summary>Symbolic links, pipes, sockets and devices.</summary>
    internal long Others { get; set; }

    /// <summary>Bytes of content.</summary>
    internal long Bytes { get; set; }

    /// <summary>Entries that could not be converted and stay where they are.</summary>
    internal long Failed { get; set; }
}

/// <summary>
/// Copies one mounted tree into another, entry by entry: content compared after it was stored, then attributes, owner, mode
/// and times, then the name, and only then the original goes, if it is to go. Killed at any moment and begun again, it goes
/// on: a name in the new tree is there only when what it names is whole.
/// </summary>
/// <param name="journal">Null where nothing is written.</param>
/// <param name="removeOriginals">Whether what is converted is removed.</param>
/// <param name="progress">Told of bytes done.</param>
/// <param name="problem">Told in a line what could not be converted.</param>
internal sealed class TreeConverter(
    ConversionJournal? journal, bool removeOriginals, Action<long> progress, Action<string> problem)
{
    private const int Chunk = 1 << 20;
    private const uint NoReplace = 1; // RENAME_NOREPLACE

    private readonly byte[] _one = new byte[Chunk];
    private readonly byte[] _two = new byte[Chunk];

    /// <summary>What was done.</summary>
    internal ConversionCounts Counts { get; } = new();

    /// <summary>Names in the root of the old tree that are left out.</summary>
    internal HashSet<string> SkippedInRoot { get; init; } = [];

    private static ReadOnlySpan<byte> TemporaryName => ".stackfs-convert.tmp"u8;

    /// <summary>Converts the content of a directory; the directory itself is the caller's.</summary>
    /// <param name="from">The old directory, readable.</param>
    /// <param name="to">The new one, readable; null to count only.</param>
    /// <param name="path">The path of the new one, in hexadecimal from the new root, for the journal and messages.</param>
    internal Errno Convert(SafeFd from, SafeFd? to, byte[] path)
    {
        List<byte[]> names = [];
        Errno error = List(from, names);
        foreach (byte[] name in names)
        {
            if (path.Length == 0 && SkippedInRoot.Contains(Encoding.UTF8.GetString(name)))
            {
                continue;
            }

            byte[] child = path.Length == 0 ? name : [.. path, (byte)'/', .. name];
            Errno one = Entry(from, to, name, child);
            if (one != Errno.None)
            {
                Counts.Failed++;
                problem($"{Encoding.UTF8.GetString(child)}: {Output.ErrnoText.Of(one)}; left as it is");
            }
        }

        if (to is not null)
        {
            _ = Libc.Unlink(to, TemporaryName); // Of a run that was killed; usually there is none.
        }

        return error;
    }

    private Errno Entry(SafeFd from, SafeFd? to, byte[] name, byte[] path)
    {
        Errno error = Libc.Statx(from, name, out StatxBuffer status);
        if (error != Errno.None)
        {
            return error;
        }

        if (ModeBits.IsDirectory(status.Mode))
        {
            Counts.Directories++;
            return Directory(from, to, name, path, in status);
        }

        bool isFile = ModeBits.IsRegular(status.Mode);
        if (isFile)
        {
            Counts.Files++;
            Counts.Bytes += (long)status.Size;
        }
        else
        {
            Counts.Others++;
        }

        if (to is null)
        {
            progress(isFile ? (long)status.Size : 0);
            return Errno.None;
        }

        error = isFile ? RegularFile(from, to, name, path, in status) : Special(from, to, name, in status);
        if (error == Errno.None && isFile)
        {
            progress((long)status.Size);
        }

        return error == Errno.None && removeOriginals ? Libc.Unlink(from, name) : error;
    }

    private Errno Directory(SafeFd from, SafeFd? to, byte[] name, byte[] path, in StatxBuffer status)
    {
        int flags = OpenFlags.ReadOnly | OpenFlags.NoFollow;
        Errno error = Libc.OpenBeneath(from, name, flags | OpenFlags.Directory, 0, out SafeFd? old);
        if (error != Errno.None)
        {
            return error;
        }

        using (old)
        {
            if (to is null)
            {
                return Convert(old!, null, path);
            }

            (Timespec access, Timespec modify) = journal!.TimesOf(in status);
            error = Libc.MakeDirectory(to, name, 0x1C0);
            error = error == Errno.EEXIST ? Errno.None : error;
            error = error == Errno.None
                ? Libc.OpenBeneath(to, name, flags | OpenFlags.Directory, 0, out SafeFd? fresh)
                : Fail(error, out fresh);
            using (fresh)
            {
                long failed = Counts.Failed;
                error = error == Errno.None ? Convert(old!, fresh, path) : error;
                error = error == Errno.None ? CopyAttributes(from, to, name, name, in status) : error;
                error = error == Errno.None ? Libc.ChangeTimes(to, name, access, modify) : error;
                return error == Errno.None && removeOriginals && Counts.Failed == failed
                    ? Libc.RemoveDirectory(from, name)
                    : error;
            }
        }
    }

    private Errno RegularFile(SafeFd from, SafeFd to, byte[] name, byte[] path, in StatxBuffer status)
    {
        string? linked = status.LinkCount > 1 || removeOriginals ? journal!.FindLink(status.Inode) : null;
        if (linked is not null && Root is not null)
        {
            Errno linking = Libc.Link(Root, System.Convert.FromHexString(linked), to, name);
            if (linking is Errno.None or Errno.EEXIST)
            {
                return Errno.None;
            }
        }

        Errno error = Libc.OpenBeneath(from, name, OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out SafeFd? old);
        if (error != Errno.None)
        {
            return error;
        }

        using (old)
        {
            error = Libc.OpenBeneath(to, name, OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out SafeFd? there);
            if (error == Errno.None)
            {
                // Of an earlier run: it was whole before it had this name. Compared all the same, since the original goes.
                using (there)
                {
                    return Same(old!, there!) ? Errno.None : Errno.EEXIST;
                }
            }

            error = Store(old!, to);
        }

        error = error == Errno.None ? CopyAttributes(from, to, name, TemporaryName, in status) : error;
        error = error == Errno.None ? CopyTimes(to, TemporaryName, in status) : error;
        error = error == Errno.None ? Libc.Rename(to, TemporaryName, to, name, NoReplace) : error;
        if (error == Errno.None && status.LinkCount > 1)
        {
            journal!.AddLink(status.Inode, System.Convert.ToHexString(path));
        }

        return error;
    }

    /// <summary>The new root, for links to files stored before.</summary>
    internal SafeFd? Root { get; init; }

    // Writes the temporary file, makes it durable, and reads it back past the page cache.
    private Errno Store(SafeFd old, SafeFd to)
    {
        int flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate | OpenFlags.NoFollow;
        Errno error = Libc.OpenBeneath(to, TemporaryName, flags, 0x180, out SafeFd? fresh);
        if (error != Errno.None)
        {
            return error;
        }

        using (fresh)
        {
            for (long at = 0; error == Errno.None;)
            {
                error = Libc.PReadFully(old, _one, at, out int count);
                if (error != Errno.None || count == 0)
                {
                    break;
                }

                error = Libc.PWriteFully(fresh!, _one.AsSpan(0, count), at, out _);
                at += count;
            }

            error = error == Errno.None ? Libc.Sync(fresh!, dataOnly: false) : error;
            _ = Libc.Advise(fresh!, 0, 0, 4); // POSIX_FADV_DONTNEED: only what is read back counts; advice may be ignored.
            return error == Errno.None && !Same(old, fresh!) ? Errno.EIO : error;
        }
    }

    private bool Same(SafeFd left, SafeFd right)
    {
        for (long at = 0; ; at += Chunk)
        {
            if (Libc.PReadFully(left, _one, at, out int count) != Errno.None
                || Libc.PReadFully(right, _two, at, out int other) != Errno.None
                || !_one.AsSpan(0, count).SequenceEqual(_two.AsSpan(0, other)))
            {
                return false;
            }

            if (count < Chunk)
            {
                return true;
            }
        }
    }

    private Errno Special(SafeFd from, SafeFd to, byte[] name, in StatxBuffer status)
    {
        Errno error;
        if (ModeBits.IsSymbolicLink(status.Mode))
        {
            error = Libc.ReadLink(from, name, _one, out int length);
            if (error == Errno.None)
            {
                _one[length] = 0;
                error = Libc.Symlink(_one.AsSpan(0, length + 1), to, name);
            }
        }
        else
        {
            error = Libc.MakeNode(to, name, status.Mode, status.RawDevice);
        }

        error = error == Errno.EEXIST ? Errno.None : error;
        error = error == Errno.None ? Libc.ChangeOwner(to, name, status.UserId, status.GroupId) : error;
        return error == Errno.None ? CopyTimes(to, name, in status) : error;
    }

    private Errno CopyAttributes(
        SafeFd from, SafeFd to, ReadOnlySpan<byte> oldName, ReadOnlySpan<byte> newName, in StatxBuffer status)
    {
        Errno error = Libc.ListXattr(from, oldName, _one.AsSpan(0, 65536), out int length);
        if (error is not (Errno.None or Errno.EOPNOTSUPP))
        {
            return error;
        }

        foreach (Range range in _one.AsSpan(0, length).ToArray().AsSpan().Split((byte)0))
        {
            ReadOnlySpan<byte> attribute = _one.AsSpan(0, length)[range];
            if (attribute.IsEmpty)
            {
                continue;
            }

            error = Libc.GetXattr(from, oldName, attribute, _two.AsSpan(0, 65536), out int size);
            error = error == Errno.None ? Libc.SetXattr(to, newName, attribute, _two.AsSpan(0, size), 0) : error;
            if (error != Errno.None)
            {
                return error;
            }
        }

        error = Libc.ChangeOwner(to, newName, status.UserId, status.GroupId);
        return error == Errno.None ? Libc.ChangeMode(to, newName, status.Mode & ModeBits.PermissionMask) : error;
    }

    private static Errno CopyTimes(SafeFd to, ReadOnlySpan<byte> name, in StatxBuffer status) => Libc.ChangeTimes(
        to,
        name,
        new Timespec(status.AccessTime.Seconds, status.AccessTime.Nanoseconds),
        new Timespec(status.ModifyTime.Seconds, status.ModifyTime.Nanoseconds));

    private static Errno Fail(Errno error, out SafeFd? none)
    {
        none = null;
        return error;
    }

    private static Errno List(SafeFd directory, List<byte[]> names)
    {
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            Errno error = Libc.ReadDirectory(directory, buffer, out int length);
            if (error != Errno.None || length == 0)
            {
                return error;
            }

            DirectoryRecords records = new(buffer.AsSpan(0, length));
            while (records.MoveNext())
            {
                if (!records.Name.SequenceEqual("."u8) && !records.Name.SequenceEqual(".."u8))
                {
                    names.Add(records.Name.ToArray());
                }
            }
        }
    }
}
