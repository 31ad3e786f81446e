using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>
/// Side files that hold what does not fit a lower name or symlink target (Codecs/Native/FORMAT.md sections 3 and 4): written
/// before the entry that needs them, removed after it, never changed.
/// </summary>
internal static class Companions
{
    // 0644: who may list a directory may list short names, which need no file, and so may list long ones.
    private const uint Permissions = 0x1a4;

    /// <summary>Makes sure that the companion of a long name is there; does nothing for a short one.</summary>
    internal static Errno WriteName(OperationWorker worker, in LowerAddress directory, in EntryName name)
    {
        if (!name.IsLong)
        {
            return Errno.None;
        }

        int length = worker.Names.EncodeCompanion(name.Upper, worker.LowerText);
        return Write(worker, in directory, NameCompanion(worker, name.Lower), worker.LowerText.AsSpan(0, length));
    }

    /// <summary>
    /// Removes the companion of a long name whose entry is gone. A failure leaves a side file that nobody sees and
    /// <c>stackfs check</c> removes; the operation itself has succeeded.
    /// </summary>
    internal static void RemoveName(OperationWorker worker, in LowerAddress directory, in EntryName name)
    {
        if (!name.IsLong)
        {
            return;
        }

        _ = Libc.Unlink(directory.Directory, NameCompanion(worker, name.Lower));
        if (worker.Filesystem.IsShared && Libc.Statx(directory.Directory, name.Lower, out _) == Errno.None)
        {
            _ = WriteName(worker, in directory, in name); // Another client has made an entry of that name meanwhile.
        }
    }

    /// <summary>
    /// Looks, after an entry was made, that its companion is still there: where others share the lower directory, one who
    /// removed an entry of that name may have taken it. Each of the two looks after it has acted, so one of them sees.
    /// </summary>
    internal static void Confirm(OperationWorker worker, in LowerAddress directory, in EntryName name)
    {
        if (name.IsLong && worker.Filesystem.IsShared)
        {
            _ = WriteName(worker, in directory, in name); // The entry is there; a failure leaves it out of listings.
        }
    }

    /// <summary>Reads the upper name of a long entry from its companion.</summary>
    /// <returns>Name; Invalid when the companion is missing or not the entry's.</returns>
    internal static LowerNameKind ReadName(
        OperationWorker worker, in LowerAddress directory, ReadOnlySpan<byte> lower, Span<byte> upper, out int length)
    {
        length = 0;
        Errno error = Read(
            in directory, NameCompanion(worker, lower), worker.LowerText.AsSpan(0, LowerNames.MaxCompanionLength + 1), out int count);
        return error == Errno.None
            ? worker.Names.DecodeLong(lower, worker.LowerText.AsSpan(0, count), upper, out length)
            : LowerNameKind.Invalid;
    }

    /// <summary>Makes sure that a companion is there with that content.</summary>
    internal static Errno Write(
        OperationWorker worker, in LowerAddress directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        Errno error = Create(in directory, name, content);
        if (error != Errno.EEXIST)
        {
            return error;
        }

        error = Read(in directory, name, worker.OtherText, out int count);
        if (error == Errno.None && worker.OtherText.AsSpan(0, count).SequenceEqual(content))
        {
            return Errno.None;
        }

        // Torn by a crash: its name says what it has to hold.
        error = Libc.Unlink(directory.Directory, name);
        return error is Errno.None or Errno.ENOENT ? Create(in directory, name, content) : error;
    }

    /// <summary>Reads a whole side file, as much of it as the buffer holds.</summary>
    internal static Errno Read(in LowerAddress directory, ReadOnlySpan<byte> name, Span<byte> content, out int count)
    {
        count = 0;
        Errno error = Libc.OpenBeneath(
            directory.Directory, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, 0, out SafeFd? fd);
        if (error != Errno.None)
        {
            return error;
        }

        using (fd)
        {
            return Libc.PReadFully(fd!, content, 0, out count);
        }
    }

    /// <summary>Removes all side files of a directory that holds nothing else; the first step of removing it.</summary>
    /// <returns>ENOTEMPTY when there is anything that is not a side file.</returns>
    internal static Errno Clear(OperationWorker worker, SafeFd parent, ReadOnlySpan<byte> name)
    {
        Errno error = Libc.OpenBeneath(
            parent, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, 0, out SafeFd? directory);
        if (error != Errno.None)
        {
            return error;
        }

        using (directory)
        {
            error = RemoveSideFiles(worker, directory!, onlyLook: true);
            if (error != Errno.None)
            {
                return error;
            }

            error = Libc.RewindDirectory(directory!);
            return error == Errno.None ? RemoveSideFiles(worker, directory!, onlyLook: false) : error;
        }
    }

    private static ReadOnlySpan<byte> NameCompanion(OperationWorker worker, ReadOnlySpan<byte> lower) =>
        worker.CompanionName.AsSpan(0, LowerNames.WriteCompanionName(lower, worker.CompanionName));

    private static Errno Create(in LowerAddress directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        Errno error = Libc.OpenBeneath(
            directory.Directory,
            name,
            OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.WriteOnly,
            Permissions,
            out SafeFd? fd);
        if (error != Errno.None)
        {
            return error;
        }

        using (fd)
        {
            error = Libc.PWriteFully(fd!, content, 0, out _);

            // On the disk before the entry can be: without it, a name or target that fsync(2) of the directory has made
            // durable could not be read any more.
            error = error == Errno.None ? Libc.Sync(fd!, dataOnly: true) : error;
        }

        if (error != Errno.None)
        {
            // The error is what counts; half a companion is written again by the next one who needs it.
            _ = Libc.Unlink(directory.Directory, name);
        }

        return error;
    }

    private static Errno RemoveSideFiles(OperationWorker worker, SafeFd directory, bool onlyLook)
    {
        while (true)
        {
            Errno error = Libc.ReadDirectory(directory, worker.OtherText, out int length);
            if (error != Errno.None || length == 0)
            {
                return error;
            }

            DirectoryRecords records = new(worker.OtherText.AsSpan(0, length));
            while (records.MoveNext())
            {
                if (records.Name.SequenceEqual("."u8) || records.Name.SequenceEqual(".."u8))
                {
                    continue;
                }

                if (worker.Names.Decode(records.Name, inRoot: false, worker.UpperName, out _) != LowerNameKind.SideFile)
                {
                    return Errno.ENOTEMPTY;
                }

                error = onlyLook ? Errno.None : Libc.Unlink(directory, records.Name);
                if (error is not (Errno.None or Errno.ENOENT))
                {
                    return error;
                }
            }
        }
    }
}
