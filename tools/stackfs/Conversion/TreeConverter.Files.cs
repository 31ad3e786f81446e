using StackFs.Codecs.Ecryptfs;
using StackFs.Content;
using StackFs.Content.Ecryptfs;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;
using StackFs.Operations;

namespace StackFs.Cli.Conversion;

/// <content>What is in a directory: files, links, special files, and their attributes.</content>
internal sealed partial class TreeConverter
{
    private const int AdviceDontNeed = 4; // POSIX_FADV_DONTNEED

    private Errno RegularFile(Place place, byte[] name, byte[] upper, string shown, in StatxBuffer status)
    {
        Errno error = NativeName(place, upper, out byte[] native, out bool isThere);
        if (error != Errno.None)
        {
            return error;
        }

        if (status.Size == 0 && _inPlace && !isThere)
        {
            // Never written, in either format: the same file under another name.
            error = OwnAttributes(place.From, name);
            BeforeChange();
            _ = Libc.RemoveXattr(place.From, name, EcryptfsFormat.AttributeName); // Usually there is none; empty it stays.
            BeforeChange();
            return error == Errno.None ? Libc.Rename(place.From, name, place.To!, native, 0) : error;
        }

        error = Open(place.From, name, shown, out OpenFile? old);
        if (error != Errno.None)
        {
            return error;
        }

        using (old)
        {
            string? linked = _journal!.FindLink(status.Inode);
            if (isThere)
            {
                // Of an earlier run, and whole before it had this name. Compared all the same, since the original goes.
                error = SameAs(old!, place.To!, native, shown);
            }
            else if (linked is not null && IsTwin(old!, System.Convert.FromHexString(linked), shown))
            {
                BeforeChange();
                error = Libc.Link(_root!, System.Convert.FromHexString(linked), place.To!, native);
            }
            else
            {
                error = Store(old!, place, name, shown, in status);
                error = error == Errno.None ? GiveName(place, native, in status) : error;
            }
        }

        if (error == Errno.None)
        {
            place.Pending.Add(name);
            place.PendingBytes += (long)status.Size;
        }

        return error;
    }

    // The journal before the name: a path that is not there yet is no twin, a twin that is not in the journal would be lost.
    private Errno GiveName(Place place, byte[] native, in StatxBuffer status)
    {
        if (status.LinkCount > 1)
        {
            BeforeChange();
            _journal!.AddLink(status.Inode, System.Convert.ToHexString(place.NativePath(native)));
        }

        BeforeChange();
        return Libc.Rename(place.To!, LowerNames.ConversionName, place.To!, native, 0);
    }

    /// <summary>Writes the temporary file, makes it durable, reads it back past the page cache, and gives it its attributes.</summary>
    private Errno Store(OpenFile old, Place place, byte[] name, string shown, in StatxBuffer status)
    {
        BeforeChange();
        _ = Libc.Unlink(place.To!, LowerNames.ConversionName); // Of a run that was killed; usually there is none.
        int flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        Errno error = Libc.OpenBeneath(place.To!, LowerNames.ConversionName, flags, 0x180, out SafeFd? fd);
        if (error != Errno.None)
        {
            return error;
        }

        error = _worker.Filesystem.Format.OpenContent(fd!, _worker.Filesystem.Reports, shown, _worker.Scratch, out OpenFile? fresh);
        using (fresh)
        {
            error = error == Errno.None ? Copy(old, fresh!) : error;
            if (error == Errno.None)
            {
                _ = Libc.Advise(fd!, 0, 0, AdviceDontNeed); // Only what is read back counts; advice may be ignored.
            }
        }

        error = error == Errno.None ? SameAs(old, place.To!, LowerNames.ConversionName.ToArray(), shown) : error;
        error = error == Errno.EEXIST ? Errno.EBADMSG : error;
        BeforeChange();
        error = error == Errno.None
            ? Attributes(place.From, name, place.To!, LowerNames.ConversionName.ToArray(), in status)
            : error;
        error = error == Errno.None ? Times(place.To!, LowerNames.ConversionName, in status) : error;
        if (error != Errno.None)
        {
            _ = Libc.Unlink(place.To!, LowerNames.ConversionName); // The error is what counts; the next run removes it too.
        }

        return error;
    }

    private Errno Copy(OpenFile old, OpenFile fresh)
    {
        Errno error = fresh.Prepare(_worker.Scratch);
        long size = old.Size;
        for (long at = 0; error == Errno.None && at < size; at += Chunk)
        {
            int length = (int)Math.Min(Chunk, size - at);
            error = ReadAll(old, at, _one.AsSpan(0, length));
            BeforeChange();

            // eCryptfs writes zeros where a program left a gap; here it can be one again.
            if (error == Errno.None && _one.AsSpan(0, length).ContainsAnyExcept((byte)0))
            {
                error = WriteAll(fresh, at, _one.AsSpan(0, length));
            }
        }

        error = error == Errno.None && fresh.Size < size ? fresh.Truncate(size, _worker.Scratch) : error;
        return error == Errno.None ? fresh.Sync(dataOnly: false, _worker.Scratch) : error;
    }

    private Errno ReadAll(OpenFile file, long at, Span<byte> bytes)
    {
        for (int done = 0; done < bytes.Length;)
        {
            Errno error = file.Read(at + done, bytes[done..], _worker.Scratch, out int count);
            if (error != Errno.None || count == 0)
            {
                return error == Errno.None ? Errno.EIO : error;
            }

            done += count;
        }

        return Errno.None;
    }

    private Errno WriteAll(OpenFile file, long at, ReadOnlySpan<byte> bytes)
    {
        for (int done = 0; done < bytes.Length;)
        {
            Errno error = file.Write(at + done, bytes[done..], _worker.Scratch, out int count);
            if (error != Errno.None)
            {
                return error;
            }

            done += count;
        }

        return Errno.None;
    }

    private bool IsTwin(OpenFile old, byte[] path, string shown) => SameAs(old, _root!, path, shown) == Errno.None;

    /// <summary>None when a lower file has the content of an open one; EEXIST when it has another.</summary>
    private Errno SameAs(OpenFile old, SafeFd directory, byte[] path, string shown)
    {
        Errno error = Open(directory, path, shown, out OpenFile? other);
        if (error != Errno.None)
        {
            return error;
        }

        using (other)
        {
            long size = old.Size;
            if (other is EcryptfsFile || other!.Size != size)
            {
                return Errno.EEXIST;
            }

            for (long at = 0; at < size && error == Errno.None; at += Chunk)
            {
                int length = (int)Math.Min(Chunk, size - at);
                error = ReadAll(old, at, _one.AsSpan(0, length));
                error = error == Errno.None ? ReadAll(other, at, _two.AsSpan(0, length)) : error;
                if (error == Errno.None && !_one.AsSpan(0, length).SequenceEqual(_two.AsSpan(0, length)))
                {
                    return Errno.EEXIST;
                }
            }

            return error;
        }
    }

    private Errno Open(SafeFd directory, ReadOnlySpan<byte> name, string shown, out OpenFile? file)
    {
        file = null;
        int flags = OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking;
        Errno error = Libc.OpenBeneath(directory, name, flags, 0, out SafeFd? fd);
        return error == Errno.None
            ? _worker.Filesystem.Format.OpenContent(fd!, _worker.Filesystem.Reports, shown, _worker.Scratch, out file)
            : error;
    }

    private Errno TryOpen(SafeFd directory, byte[] name, string shown)
    {
        Errno error = Open(directory, name, shown, out OpenFile? file);
        file?.Dispose();
        return error;
    }

    private long SizeOf(SafeFd directory, byte[] name, in StatxBuffer status)
    {
        using LowerAddress address = LowerAddress.OfDescriptor(directory).With(name);
        long lower = (long)Math.Min(status.Size, long.MaxValue);
        return _worker.Filesystem.Format.TryGetUpperSize(lower, in address, out long size) ? size : lower;
    }

    private Errno Link(Place place, byte[] name, byte[] upper, in StatxBuffer status)
    {
        Errno error = NativeName(place, upper, out byte[] native, out bool isThere);
        error = error == Errno.None ? Target(place.From, name, out byte[] target) : Fail(error, out target);
        if (error == Errno.None && isThere)
        {
            error = Target(place.To!, native, out byte[] there);
            error = error == Errno.None && !there.AsSpan().SequenceEqual(target) ? Errno.EEXIST : error;
        }
        else if (error == Errno.None)
        {
            BeforeChange();
            _ = Libc.Unlink(place.To!, LowerNames.ConversionName); // Of a run that was killed; usually there is none.
            using (LowerAddress directory = LowerAddress.OfDescriptor(place.To!))
            {
                error = Creations.MakeLink(_worker, in directory, LowerNames.ConversionName, target);
            }

            error = error == Errno.None ? Attributes(place.From, name, place.To!, LowerNames.ConversionName.ToArray(), in status) : error;
            error = error == Errno.None ? Times(place.To!, LowerNames.ConversionName, in status) : error;
            BeforeChange();
            error = error == Errno.None ? Libc.Rename(place.To!, LowerNames.ConversionName, place.To!, native, 0) : error;
        }

        if (error == Errno.None)
        {
            place.Pending.Add(name);
        }

        return error;
    }

    private Errno Target(SafeFd directory, byte[] name, out byte[] target)
    {
        using LowerAddress link = LowerAddress.OfDescriptor(directory).With(name);
        Errno error = Links.ReadTarget(_worker, in link, _one.AsSpan(0, 65536), out int length);
        target = error == Errno.None ? _one[..length] : [];
        return error;
    }

    private Errno Special(Place place, byte[] name, byte[] upper, in StatxBuffer status)
    {
        Errno error = NativeName(place, upper, out byte[] native, out bool isThere);
        if (error != Errno.None || isThere)
        {
            return error == Errno.None && _inPlace ? Errno.EEXIST : error;
        }

        BeforeChange();
        if (_inPlace)
        {
            return Libc.Rename(place.From, name, place.To!, native, 0);
        }

        error = Libc.MakeNode(place.To!, native, status.Mode, status.RawDevice);
        error = error == Errno.None ? Attributes(place.From, name, place.To!, native, in status) : error;
        return error == Errno.None ? Times(place.To!, native, in status) : error;
    }

    /// <summary>Extended attributes, owner and mode of another entry.</summary>
    private Errno Attributes(SafeFd from, byte[] name, SafeFd to, byte[] native, in StatxBuffer status)
    {
        // The owner first: a change of it takes file capabilities away.
        Errno error = Libc.ChangeOwner(to, native, status.UserId, status.GroupId);
        error = error == Errno.None ? Xattrs(from, name, to, native, drop: false) : error;
        return error == Errno.None && !ModeBits.IsSymbolicLink(status.Mode)
            ? Libc.ChangeMode(to, native, status.Mode & ModeBits.PermissionMask)
            : error;
    }

    /// <summary>Encrypts the extended attributes of an entry that stays the file it is.</summary>
    private Errno OwnAttributes(SafeFd directory, byte[] name) => Xattrs(directory, name, directory, name, drop: true);

    private Errno Xattrs(SafeFd from, byte[] name, SafeFd to, byte[] native, bool drop)
    {
        Errno error = Libc.ListXattr(from, name, _one.AsSpan(0, 65536), out int length);
        if (error is not (Errno.None or Errno.EOPNOTSUPP))
        {
            return error;
        }

        byte[] list = error == Errno.None ? _one[..length] : [];
        foreach (Range range in list.AsSpan().Split((byte)0))
        {
            ReadOnlySpan<byte> attribute = list.AsSpan()[range];
            bool isUser = attribute.StartsWith("user."u8);
            if (attribute.IsEmpty || attribute.SequenceEqual(EcryptfsFormat.AttributeName)
                || attribute.StartsWith("user.stackfs."u8) || (drop && !isUser))
            {
                continue;
            }

            error = Libc.GetXattr(from, name, attribute, _two.AsSpan(0, 65536), out int size);
            ReadOnlySpan<byte> value = _two.AsSpan(0, size);
            if (error == Errno.None && isUser)
            {
                error = SetEncrypted(to, native, attribute, value);
                if (error == Errno.None && drop)
                {
                    BeforeChange();
                    error = Libc.RemoveXattr(from, name, attribute);
                }
            }
            else if (error == Errno.None)
            {
                error = Libc.SetXattr(to, native, attribute, value, 0);
            }

            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }

    private Errno SetEncrypted(SafeFd to, byte[] native, ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value)
    {
        Errno error = NameErrno.From(_worker.Attributes.EncodeName(attribute, _worker.FirstName, out int length));
        byte[] lower = new byte[value.Length + ExtendedAttributes.Overhead(attribute)];
        error = error == Errno.None ? NameErrno.From(_worker.Attributes.EncodeValue(attribute, value, lower, out _)) : error;
        BeforeChange();
        return error == Errno.None ? Libc.SetXattr(to, native, _worker.FirstName.AsSpan(0, length), lower, 0) : error;
    }

    private static Errno Times(SafeFd to, ReadOnlySpan<byte> name, in StatxBuffer status) => Libc.ChangeTimes(
        to,
        name,
        new Timespec(status.AccessTime.Seconds, status.AccessTime.Nanoseconds),
        new Timespec(status.ModifyTime.Seconds, status.ModifyTime.Nanoseconds));

    private static Errno Fail(Errno error, out byte[] none)
    {
        none = [];
        return error;
    }
}
